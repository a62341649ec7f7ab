/// Small TOML files as plain values: the one place that knows toml++.
///
///     KLIEG_ASSIGN(const TomlTable table, ParseToml(text, "grant.toml"));
///     KLIEG_TRY(table.RefuseOtherKeys({"grantor", "works"}));
///     KLIEG_ASSIGN(const std::string grantor, table.Text("grantor"));
///
/// Every complaint names the file, the line and what was expected. Only texts, lists of texts,
/// booleans and tables of lists of texts are known: what a file of terms or a grant is made of.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "rights/purpose.h"

namespace klieg::rights {

struct TomlValue {
  enum class Kind { kText, kBoolean, kList, kTable, kOther };
  Kind kind = Kind::kOther;
  std::string text;
  bool boolean = false;
  std::vector<TomlValue> list;
  std::map<std::string, TomlValue> table;
  size_t line = 0;
};

class TomlTable {
 public:
  TomlTable(TomlValue value, std::string name, std::string hint)
      : value_(std::move(value)), name_(std::move(name)), hint_(std::move(hint)) {}

  bool Has(std::string_view key) const { return Find(key) != nullptr; }
  core::Status RefuseOtherKeys(std::initializer_list<std::string_view> keys) const;

  /// A text that CheckTermsText accepts.
  core::Result<std::string> Text(std::string_view key) const;
  core::Result<std::string> TextOr(std::string_view key, std::string_view otherwise) const;
  core::Result<bool> BooleanOr(std::string_view key, bool otherwise) const;
  core::Result<std::vector<std::string>> Texts(std::string_view key) const;
  /// Of a key that may be missing: an empty list.
  core::Result<std::vector<std::string>> TextsOrNone(std::string_view key) const;
  /// Purposes, sorted; names of groups stand for their purposes where `groups` is set.
  core::Result<std::vector<Purpose>> Purposes(std::string_view key, bool groups) const;
  /// A date in quotes, or "never".
  core::Result<std::optional<core::Timestamp>> TimeOrNever(std::string_view key) const;
  /// A table of lists of texts; none when the key is missing.
  core::Result<std::map<std::string, std::vector<std::string>>> Lists(std::string_view key) const;

  /// The failure to return about a key, with its line.
  core::Error Complaint(std::string_view key, std::string_view what) const;

 private:
  const TomlValue* Find(std::string_view key) const;
  core::Result<const TomlValue*> Need(std::string_view key) const;
  core::Error At(const TomlValue& value, std::string_view what) const;
  core::Result<std::vector<std::string>> TextsOf(const TomlValue& value,
                                                 std::string_view key) const;

  TomlValue value_;
  std::string name_;
  std::string hint_;
};

/// Reads TOML. `name` is used in messages, `hint` ends those about missing keys ("; see …"). Never
/// crashes, whatever the bytes.
core::Result<TomlTable> ParseToml(std::string_view toml, std::string_view name,
                                  std::string_view hint);

}  // namespace klieg::rights
