#include "personalize/hyper_parameters.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/check.h"

namespace klieg::personalize {
namespace {

using core::ErrorCode;

const HyperParameter* Find(std::span<const HyperParameter> declared, std::string_view name) {
  const auto found = std::ranges::find(declared, name, &HyperParameter::name);
  return found == declared.end() ? nullptr : &*found;
}

template <class Number>
bool ParseWhole(std::string_view text, Number& value) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && stop == end;
}

std::string NamesOf(std::span<const HyperParameter> declared) {
  std::string names;
  for (const HyperParameter& one : declared) {
    if (one.name == "*") continue;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", one.name);
  }
  return names;
}

core::Status CheckValue(const HyperParameter& declared, const std::string& text) {
  switch (declared.type) {
    case HyperParameterType::kText:
      return {};
    case HyperParameterType::kChoice: {
      if (std::ranges::find(declared.choices, text) != declared.choices.end()) return {};
      return core::Fail(ErrorCode::kInvalidArgument, "{}={}: expected one of {}", declared.name,
                        text, fmt::join(declared.choices, ", "));
    }
    case HyperParameterType::kInteger: {
      int64_t value = 0;
      if (!ParseWhole(text, value)) {
        return core::Fail(ErrorCode::kInvalidArgument, "{}={}: expected a whole number",
                          declared.name, text);
      }
      if (static_cast<double>(value) < declared.low || static_cast<double>(value) > declared.high)
        break;
      return {};
    }
    case HyperParameterType::kReal: {
      double value = 0;
      if (!ParseWhole(text, value) || !std::isfinite(value)) {
        return core::Fail(ErrorCode::kInvalidArgument, "{}={}: expected a number", declared.name,
                          text);
      }
      if (value < declared.low || value > declared.high) break;
      return {};
    }
  }
  return core::Fail(ErrorCode::kInvalidArgument, "{}={} is out of range: expected {} to {} ({})",
                    declared.name, text, declared.low, declared.high, declared.meaning);
}

}  // namespace

core::Result<HyperParameters> HyperParameters::Make(std::span<const HyperParameter> declared,
                                                    const std::map<std::string, std::string>& set) {
  HyperParameters result;
  for (const HyperParameter& one : declared) {
    if (one.name != "*") result.values_[std::string(one.name)] = one.default_value;
  }
  const bool accepts_components = Find(declared, "*") != nullptr;
  for (const auto& [name, value] : set) {
    const HyperParameter* known = Find(declared, name);
    if (known == nullptr || name == "*") {
      if (accepts_components && name.find('.') != std::string::npos) {
        result.values_[name] = value;
        continue;
      }
      return core::Fail(ErrorCode::kInvalidArgument,
                        "there is no hyper-parameter '{}' here; there are: {}", name,
                        NamesOf(declared));
    }
    KLIEG_TRY(CheckValue(*known, value));
    result.values_[name] = value;
  }
  return result;
}

const std::string& HyperParameters::Text(std::string_view name) const {
  const auto found = values_.find(std::string(name));
  KLIEG_CHECK(found != values_.end(), "hyper-parameter '{}' is not declared", name);
  return found->second;
}

double HyperParameters::Real(std::string_view name) const {
  double value = 0;
  KLIEG_CHECK(ParseWhole(Text(name), value), "'{}' is not a number", name);
  return value;
}

int64_t HyperParameters::Integer(std::string_view name) const {
  int64_t value = 0;
  KLIEG_CHECK(ParseWhole(Text(name), value), "'{}' is not a whole number", name);
  return value;
}

std::map<std::string, std::string> HyperParameters::Component(std::string_view component) const {
  const std::string prefix = fmt::format("{}.", component);
  std::map<std::string, std::string> result;
  for (const auto& [name, value] : values_) {
    if (name.starts_with(prefix)) result[name.substr(prefix.size())] = value;
  }
  return result;
}

std::map<std::string, std::string> DrawHyperParameters(
    std::span<const HyperParameter> declared, const std::map<std::string, std::string>& fixed,
    core::Random& random) {
  std::map<std::string, std::string> drawn = fixed;
  for (const HyperParameter& one : declared) {
    if (one.tune_low == one.tune_high || one.name == "*") continue;
    // Drawn even when fixed, so that fixing one value leaves the sequence of the others as it was.
    const double place = random.Uniform();
    if (fixed.contains(std::string(one.name))) continue;
    double value = one.logarithmic ? one.tune_low * std::pow(one.tune_high / one.tune_low, place)
                                   : one.tune_low + (one.tune_high - one.tune_low) * place;
    std::string text;
    switch (one.type) {
      case HyperParameterType::kInteger:
        text = fmt::format("{}", std::llround(value));
        break;
      case HyperParameterType::kReal:
        text = fmt::format("{:.4g}", value);
        break;
      case HyperParameterType::kChoice:
        text = one.choices[std::min(
            static_cast<size_t>(place * static_cast<double>(one.choices.size())),
            one.choices.size() - 1)];
        break;
      case HyperParameterType::kText:
        text = one.default_value;
        break;
    }
    drawn[std::string(one.name)] = text;
  }
  return drawn;
}

}  // namespace klieg::personalize
