/// What the parts of `klieg rights` share.
#pragma once

#include "cli/verb.h"

namespace klieg::cli {

/// Each adds its verbs to `klieg rights`.
void AddRightsRecords(CLI::App& rights, Invocation& invocation);    // party, work, grant, sign, key
void AddRightsShow(CLI::App& rights, Invocation& invocation);       // show, packs, explain
void AddRightsDecisions(CLI::App& rights, Invocation& invocation);  // ask, met, adopt, head
void AddRightsWithdraw(CLI::App& rights, Invocation& invocation);   // withdraw, price, used

void AddRightsSignal(CLI::App& rights, Invocation& invocation);  // signal

/// Prints one recorded entry, as words or JSON.
void PrintEntry(const Invocation& call, const rights::LogEntry& entry, const std::string& words);

}  // namespace klieg::cli
