#include "rights/policy_syntax.h"

#include <algorithm>

#include "rights/fact_box.h"

namespace klieg::rights {
namespace {

/// Beyond this many boxes a list is not simplified on the way: that is quadratic.
constexpr size_t kMaxSimplified = 256;

class BoxMaker {
 public:
  explicit BoxMaker(BoxBudget& budget) : budget_(budget) {}

  /// Boxes of the condition, or of its contrary: "not" is carried down to the tests.
  core::Result<std::vector<FactBox>> Make(const Condition& condition, bool wanted) {
    switch (condition.kind) {
      case Condition::Kind::kTest:
        return Test(condition, wanted);
      case Condition::Kind::kNot:
        return Make(condition.operands.front(), !wanted);
      case Condition::Kind::kAnd:
        return wanted ? All(condition, wanted) : Any(condition, wanted);
      case Condition::Kind::kOr:
        break;
    }
    return wanted ? Any(condition, wanted) : All(condition, wanted);
  }

 private:
  core::Result<std::vector<FactBox>> Test(const Condition& condition, bool wanted) {
    const auto index = static_cast<size_t>(condition.attribute);
    FactBox box = WholeBox();
    box.allowed[index] &= wanted ? condition.allowed : ~condition.allowed;
    KLIEG_TRY(Spend(1));
    return box.allowed[index] == 0 ? std::vector<FactBox>() : std::vector<FactBox>{box};
  }

  core::Result<std::vector<FactBox>> All(const Condition& condition, bool wanted) {
    std::vector<FactBox> boxes = {WholeBox()};
    for (const Condition& operand : condition.operands) {
      KLIEG_ASSIGN(const std::vector<FactBox> others, Make(operand, wanted));
      KLIEG_TRY(Spend(boxes.size() * others.size()));
      std::vector<FactBox> both;
      for (const FactBox& box : boxes) {
        for (const FactBox& other : others) {
          if (const auto common = Intersect(box, other)) both.push_back(*common);
        }
      }
      boxes = std::move(both);
      KLIEG_TRY(Tidy(boxes));
    }
    return boxes;
  }

  core::Result<std::vector<FactBox>> Any(const Condition& condition, bool wanted) {
    std::vector<FactBox> boxes;
    for (const Condition& operand : condition.operands) {
      KLIEG_ASSIGN(const std::vector<FactBox> others, Make(operand, wanted));
      boxes.insert(boxes.end(), others.begin(), others.end());
      KLIEG_TRY(Tidy(boxes));
    }
    return boxes;
  }

  core::Status Tidy(std::vector<FactBox>& boxes) {
    if (boxes.size() <= kMaxSimplified) KLIEG_TRY(Spend(Simplify(boxes)));
    if (boxes.size() > kMaxClauseBoxes) {
      return core::Fail(core::ErrorCode::kInvalidArgument,
                        "the condition stands for more than {} combinations of values; write it as "
                        "several clauses",
                        kMaxClauseBoxes);
    }
    return {};
  }

  core::Status Spend(uint64_t steps) {
    if (steps > budget_.steps_left) {
      return core::Fail(core::ErrorCode::kInvalidArgument,
                        "the conditions of this pack take too much work to unfold; write those "
                        "with many alternatives as several clauses, or the pack as several packs");
    }
    budget_.steps_left -= steps;
    return {};
  }

  BoxBudget& budget_;
};

}  // namespace

bool EvaluateCondition(const Condition& condition, const Facts& facts) {
  const auto holds = [&](const Condition& operand) { return EvaluateCondition(operand, facts); };
  switch (condition.kind) {
    case Condition::Kind::kTest:
      return (condition.allowed >> facts.Index(condition.attribute) & 1) != 0;
    case Condition::Kind::kNot:
      return !holds(condition.operands.front());
    case Condition::Kind::kAnd:
      return std::ranges::all_of(condition.operands, holds);
    case Condition::Kind::kOr:
      break;
  }
  return std::ranges::any_of(condition.operands, holds);
}

core::Result<std::vector<FactBox>> BoxesOf(const Condition& condition, BoxBudget& budget) {
  return BoxMaker(budget).Make(condition, true);
}

core::Result<Pack> ParsePack(std::string_view text, std::string_view name) {
  KLIEG_ASSIGN(PackSyntax syntax, ParsePackSyntax(text, name));
  BoxBudget budget;
  const auto boxes_of = [&](const Condition& condition,
                            size_t line) -> core::Result<std::vector<FactBox>> {
    core::Result<std::vector<FactBox>> boxes = BoxesOf(condition, budget);
    if (!boxes) return core::Prefix(boxes.error(), fmt::format("{}, line {}", name, line));
    return boxes;
  };
  Pack pack = std::move(syntax.pack);
  for (size_t i = 0; i < pack.clauses.size(); ++i) {
    KLIEG_ASSIGN(pack.clauses[i].boxes,
                 boxes_of(syntax.clause_conditions[i], syntax.clause_lines[i]));
  }
  for (size_t i = 0; i < pack.claims.size(); ++i) {
    KLIEG_ASSIGN(pack.claims[i].boxes, boxes_of(syntax.claim_conditions[i], pack.claims[i].line));
  }
  return pack;
}

}  // namespace klieg::rights
