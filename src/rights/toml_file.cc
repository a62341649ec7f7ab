// toml++ 3.3.0 has assertions that bad input reaches ("[[[" is one), and in release builds hands
// the same conditions to the optimiser as facts. Both would let a file end or derail the process,
// so that here an assertion throws, in every build. Its tables of other scripts' spaces and digits
// run into __builtin_unreachable for letters such as U+0362 outside quotes; so it is shown ASCII
// only (ascii_detour.h). The program has no other user of toml++, which keeps its inline functions
// of one mind.
#include <stdexcept>

namespace klieg::rights {
namespace {

constexpr void RequireOfParser(bool condition, const char* text) {
  if (!condition) throw std::logic_error(text);
}

}  // namespace
}  // namespace klieg::rights

#pragma push_macro("NDEBUG")
#undef NDEBUG
#define TOML_ASSERT(condition) \
  ::klieg::rights::RequireOfParser(static_cast<bool>(condition), #condition)
#define TOML_EXCEPTIONS 1
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")

#include <algorithm>
#include <exception>

#include "rights/ascii_detour.h"
#include "rights/terms.h"
#include "rights/toml_file.h"

namespace klieg::rights {
namespace {

using core::ErrorCode;
using core::Fail;

/// Depth is bounded by toml++ (256 levels).
TomlValue Convert(const toml::node& node, const AsciiDetour& detour) {
  TomlValue value;
  value.line = node.source().begin.line;
  if (const auto* text = node.as_string()) {
    value.kind = TomlValue::Kind::kText;
    value.text = detour.Back(text->get());
  } else if (const auto* boolean = node.as_boolean()) {
    value.kind = TomlValue::Kind::kBoolean;
    value.boolean = boolean->get();
  } else if (const toml::array* list = node.as_array()) {
    value.kind = TomlValue::Kind::kList;
    for (const toml::node& element : *list) value.list.push_back(Convert(element, detour));
  } else if (const toml::table* table = node.as_table()) {
    value.kind = TomlValue::Kind::kTable;
    for (const auto& [key, element] : *table) {
      TomlValue one = Convert(element, detour);
      // A table's own line is that of its content; the key's is what people look for.
      one.line = key.source().begin.line;
      value.table.emplace(detour.Back(key.str()), std::move(one));
    }
  }
  return value;
}

}  // namespace

core::Result<TomlTable> ParseToml(std::string_view toml, std::string_view name,
                                  std::string_view hint) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (toml.starts_with(kByteOrderMark)) toml.remove_prefix(kByteOrderMark.size());
  const core::Result<AsciiDetour> detour = AsciiDetour::For(toml);
  if (!detour) {
    return Fail(ErrorCode::kInvalidArgument, "{}: this is not TOML: {}", name,
                detour.error().message);
  }
  try {
    const toml::table table = toml::parse(detour->Out(toml));
    return TomlTable(Convert(table, *detour), std::string(name), std::string(hint));
  } catch (const toml::parse_error& error) {
    return Fail(ErrorCode::kInvalidArgument, "{}, line {}: this is not TOML: {}", name,
                error.source().begin.line, detour->Back(error.description()));
  } catch (const std::exception&) {
    return Fail(ErrorCode::kInvalidArgument,
                "{}: this is not TOML, in a way that the parser has no words for{}", name, hint);
  }
}

core::Error TomlTable::At(const TomlValue& value, std::string_view what) const {
  return {ErrorCode::kInvalidArgument, fmt::format("{}, line {}: {}", name_, value.line, what), {}};
}

core::Error TomlTable::Complaint(std::string_view key, std::string_view what) const {
  const TomlValue* value = Find(key);
  return At(value == nullptr ? value_ : *value, what);
}

const TomlValue* TomlTable::Find(std::string_view key) const {
  const auto found = value_.table.find(std::string(key));
  return found == value_.table.end() ? nullptr : &found->second;
}

core::Result<const TomlValue*> TomlTable::Need(std::string_view key) const {
  const TomlValue* value = Find(key);
  if (value != nullptr) return value;
  return Fail(ErrorCode::kInvalidArgument, "{}: the key '{}' is missing{}", name_, key, hint_);
}

core::Status TomlTable::RefuseOtherKeys(std::initializer_list<std::string_view> keys) const {
  for (const auto& [key, value] : value_.table) {
    if (std::ranges::find(keys, key) != keys.end()) continue;
    std::string known;
    for (auto name = keys.begin(); name != keys.end(); ++name) {
      if (name != keys.begin()) known += name + 1 == keys.end() ? " and " : ", ";
      known += *name;
    }
    return tl::unexpected<core::Error>(
        At(value, fmt::format("unknown key '{}'; the keys are {}", key, known)));
  }
  return {};
}

core::Result<std::string> TomlTable::Text(std::string_view key) const {
  KLIEG_ASSIGN(const TomlValue* const value, Need(key));
  if (value->kind != TomlValue::Kind::kText) {
    return tl::unexpected<core::Error>(
        At(*value, fmt::format("'{}' must be a text in quotes", key)));
  }
  if (auto checked = CheckTermsText(key, value->text); !checked)
    return tl::unexpected<core::Error>(At(*value, checked.error().message));
  return value->text;
}

core::Result<std::string> TomlTable::TextOr(std::string_view key,
                                            std::string_view otherwise) const {
  if (!Has(key)) return std::string(otherwise);
  return Text(key);
}

core::Result<bool> TomlTable::BooleanOr(std::string_view key, bool otherwise) const {
  const TomlValue* value = Find(key);
  if (value == nullptr) return otherwise;
  if (value->kind != TomlValue::Kind::kBoolean)
    return tl::unexpected<core::Error>(
        At(*value, fmt::format("'{}' must be true or false, without quotes", key)));
  return value->boolean;
}

core::Result<std::vector<std::string>> TomlTable::TextsOf(const TomlValue& value,
                                                          std::string_view key) const {
  if (value.kind != TomlValue::Kind::kList) {
    return tl::unexpected<core::Error>(At(
        value, key == "purposes"
                   ? "'purposes' must be a list such as [\"recommend\", \"measure\"]"
                   : fmt::format("'{}' must be a list of texts such as [\"one\", \"two\"]", key)));
  }
  std::vector<std::string> texts;
  for (const TomlValue& element : value.list) {
    if (element.kind != TomlValue::Kind::kText) {
      return tl::unexpected<core::Error>(
          At(element, fmt::format("'{}' must hold texts in quotes only", key)));
    }
    texts.push_back(element.text);
  }
  return texts;
}

core::Result<std::vector<std::string>> TomlTable::Texts(std::string_view key) const {
  KLIEG_ASSIGN(const TomlValue* const value, Need(key));
  return TextsOf(*value, key);
}

core::Result<std::vector<std::string>> TomlTable::TextsOrNone(std::string_view key) const {
  if (!Has(key)) return std::vector<std::string>();
  return Texts(key);
}

core::Result<std::vector<Purpose>> TomlTable::Purposes(std::string_view key, bool groups) const {
  KLIEG_ASSIGN(const TomlValue* const value, Need(key));
  KLIEG_ASSIGN(const std::vector<std::string> names, TextsOf(*value, key));
  std::vector<Purpose> purposes;
  for (size_t i = 0; i < names.size(); ++i) {
    const auto in_list = [&](std::string_view what) {
      return tl::unexpected<core::Error>(At(value->list[i], what));
    };
    core::Result<std::vector<Purpose>> meant;
    if (groups) {
      meant = ParsePurposes(names[i]);
    } else if (auto one = ParsePurpose(names[i])) {
      meant = std::vector<Purpose>{*one};
    } else {
      meant = tl::unexpected<core::Error>(one.error());
    }
    if (!meant) return in_list(fmt::format("in '{}': {}", key, meant.error().message));
    for (const Purpose purpose : *meant) {
      if (std::ranges::find(purposes, purpose) != purposes.end())
        return in_list(fmt::format("'{}' names '{}' twice", key, PurposeName(purpose)));
      purposes.push_back(purpose);
    }
  }
  std::ranges::sort(purposes);
  return purposes;
}

core::Result<std::optional<core::Timestamp>> TomlTable::TimeOrNever(std::string_view key) const {
  KLIEG_ASSIGN(const TomlValue* const value, Need(key));
  if (value->kind != TomlValue::Kind::kText) {
    return tl::unexpected<core::Error>(At(
        *value, fmt::format("'{}' must be a text: \"2030-01-01\" in quotes, or \"never\"", key)));
  }
  if (value->text == "never") return std::optional<core::Timestamp>();
  const core::Result<core::Timestamp> time = core::ParseTimestamp(value->text);
  if (!time) {
    return tl::unexpected<core::Error>(
        At(*value, fmt::format("in '{}': {}; or \"never\"", key, time.error().message)));
  }
  return std::optional(*time);
}

core::Result<std::map<std::string, std::vector<std::string>>> TomlTable::Lists(
    std::string_view key) const {
  std::map<std::string, std::vector<std::string>> lists;
  const TomlValue* value = Find(key);
  if (value == nullptr) return lists;
  if (value->kind != TomlValue::Kind::kTable) {
    return tl::unexpected<core::Error>(At(
        *value,
        fmt::format("'{}' must be a table: [{}] and lines such as name = [\"value\"]", key, key)));
  }
  for (const auto& [name, list] : value->table) {
    KLIEG_ASSIGN(lists[name], TextsOf(list, name));
  }
  return lists;
}

}  // namespace klieg::rights
