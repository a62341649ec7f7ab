/// The words of the vocabularies in signals.h, and the purposes that each stands for.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "rights/signals.h"

namespace klieg::rights {

using PurposeBits = uint32_t;  ///< Bit i: the purpose whose value is i.

struct SignalWord {
  std::string_view word;
  PurposeBits permits;  ///< What a permission of the word certainly includes.
  PurposeBits refuses;  ///< What a refusal of the word may include.
};

/// Words of a kind that can be permitted and refused; ODRL's are actions that can be refused only.
std::span<const SignalWord> SignalWords(SignalKind kind);

/// Nullptr when there is no such word.
const SignalWord* FindSignalWord(SignalKind kind, std::string_view word);

void Refuse(Preferences& preferences, PurposeBits purposes);
/// Where nothing was refused yet.
void Permit(Preferences& preferences, PurposeBits purposes);

/// The purposes of which this was said.
PurposeBits Those(const Preferences& preferences, Consent consent);

bool AnyIs(const Preferences& preferences, PurposeBits purposes, Consent consent);
/// False for no purposes.
bool AllAre(const Preferences& preferences, PurposeBits purposes, Consent consent);

}  // namespace klieg::rights
