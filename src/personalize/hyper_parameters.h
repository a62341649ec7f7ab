/// Hyper-parameters, declared once: name, range, default and meaning. The command line, the tuner,
/// the run record and the reference page all read the same declaration.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/random.h"

namespace klieg::personalize {

enum class HyperParameterType { kInteger, kReal, kChoice, kText };

struct HyperParameter {
  std::string_view name;  ///< "lambda"
  HyperParameterType type = HyperParameterType::kReal;
  std::string_view default_value;  ///< As it would be typed.
  double low = 0;                  ///< Smallest value allowed (numbers).
  double high = 0;                 ///< Largest value allowed (numbers).
  double tune_low = 0;  ///< What `klieg tune` draws from; tune_low == tune_high: not tuned.
  double tune_high = 0;
  bool logarithmic = false;  ///< Drawn uniformly in the logarithm.
  std::vector<std::string_view> choices =
      {};                    ///< kChoice only; all are drawn from when tune_high > tune_low.
  std::string_view meaning;  ///< One sentence, with units.
};

/// Values for every declared hyper-parameter, validated. Values keep the text they were given in.
class HyperParameters {
 public:
  /// Defaults overridden by `set`. Unknown names and values out of range fail with
  /// kInvalidArgument, listing what there is. Names with a dot ("ease.lambda") are accepted when
  /// the declaration has an entry named "*": they belong to components.
  static core::Result<HyperParameters> Make(std::span<const HyperParameter> declared,
                                            const std::map<std::string, std::string>& set);

  /// The value of a declared hyper-parameter (CHECKed).
  double Real(std::string_view name) const;
  int64_t Integer(std::string_view name) const;
  const std::string& Text(std::string_view name) const;
  /// The dotted names of one component, prefix removed.
  std::map<std::string, std::string> Component(std::string_view component) const;
  /// Every name and value, sorted: what a run records.
  const std::map<std::string, std::string>& values() const { return values_; }

 private:
  std::map<std::string, std::string> values_;
};

/// Draws a setting from the tuning ranges. Names in `fixed` keep their value.
std::map<std::string, std::string> DrawHyperParameters(
    std::span<const HyperParameter> declared, const std::map<std::string, std::string>& fixed,
    core::Random& random);

}  // namespace klieg::personalize
