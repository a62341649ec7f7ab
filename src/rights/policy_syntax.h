/// A policy file as it was written: what ParsePack makes boxes from. Conditions are still the trees
/// that the author wrote, so that another evaluator can be held against the compiled one.
///
///     KLIEG_ASSIGN(const PackSyntax syntax, ParsePackSyntax(text, "own.policy"));
///     EvaluateCondition(syntax.clause_conditions[0], facts);
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "rights/facts.h"
#include "rights/policy.h"

namespace klieg::rights {

inline constexpr size_t kMaxPolicyBytes = size_t{1} << 20;
inline constexpr size_t kMaxPolicyClauses = 10'000;
inline constexpr size_t kMaxPolicyClaims = 1'000;
inline constexpr size_t kMaxConditionDepth = 32;

/// A condition. A tree of at most kMaxConditionDepth levels of parentheses and "not".
struct Condition {
  enum class Kind : uint8_t {
    kTest,  ///< The value of `attribute` is one of `allowed`.
    kNot,   ///< One operand.
    kAnd,   ///< All operands; none: true.
    kOr,    ///< Any operand; at least two.
  };
  Kind kind = Kind::kAnd;
  Attribute attribute = Attribute::kAction;
  uint32_t allowed = 0;
  std::vector<Condition> operands;
};

bool EvaluateCondition(const Condition& condition, const Facts& facts);

/// How much work making boxes may take; shared by all conditions of a file.
struct BoxBudget {
  uint64_t steps_left = 20'000'000;
};
inline constexpr size_t kMaxClauseBoxes = 4096;

/// The facts that satisfy `condition`. kInvalidArgument when there are more than kMaxClauseBoxes
/// boxes on the way, or the budget is spent.
core::Result<std::vector<FactBox>> BoxesOf(const Condition& condition, BoxBudget& budget);

struct PackSyntax {
  Pack pack;  ///< Complete but for the boxes.
  std::vector<Condition> clause_conditions;
  std::vector<size_t> clause_lines;
  std::vector<Condition> claim_conditions;
};

core::Result<PackSyntax> ParsePackSyntax(std::string_view text, std::string_view name);

}  // namespace klieg::rights
