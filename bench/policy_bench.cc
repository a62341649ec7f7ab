// How long does the gate's policy take for 10,000 works against 1,000 clauses? Asked: below 10 ms.
//
//     policy_bench [--quick]
//
// Four kinds of clauses, each decided for facts that are all different (nothing is remembered from
// one to the next) by PolicySet::DecideAll, and, interleaved in the same run, by the plain evaluator
// on a part of them. Medians of 7 of processor time: both run on one thread.
//   shipped   the packs that come with klieg
//   typical   1,000 clauses like them: a group of purposes and four to seven other conditions
//   hard      1,000 clauses of four boxes, which exclude one value of every attribute: no row
//             leaves nothing early
//   all apply 1,000 clauses without conditions, so that every decision names all of them
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/random.h"
#include "rights/fact_box.h"
#include "rights/policy.h"
#include "rights/policy_plain.h"

namespace klieg {
namespace {

using rights::Attribute;
using rights::FactBox;
using rights::Facts;

constexpr size_t kRepeats = 7;

struct Shape {
  std::string_view name;
  rights::PolicySet policies;
};

rights::PolicySet MakeSet(size_t clauses, size_t boxes_each, core::Random& random,
                          FactBox (*make)(core::Random&)) {
  rights::Pack pack;
  pack.name = "bench";
  for (size_t c = 0; c < clauses; ++c) {
    rights::Clause clause;
    clause.effect = c % 3 == 0 ? rights::Effect::kPermit : rights::Effect::kForbid;
    for (size_t b = 0; b < boxes_each; ++b) clause.boxes.push_back(make(random));
    pack.clauses.push_back(clause);
  }
  return rights::PolicySet::Make({pack}).value();
}

uint32_t Without(Attribute attribute, core::Random& random) {
  const auto values = rights::AttributeValues(attribute).size();
  return rights::AllValues(attribute) & ~(uint32_t{1} << random.Below(values));
}

FactBox TypicalBox(core::Random& random) {
  FactBox box = rights::WholeBox();
  const auto group = static_cast<rights::PurposeGroup>(random.Below(rights::kPurposeGroupCount));
  uint32_t purposes = 0;
  for (const rights::Purpose purpose : rights::AllPurposes()) {
    if (rights::GroupOf(purpose) == group)
      purposes |= uint32_t{1} << static_cast<uint32_t>(purpose);
  }
  box.allowed[static_cast<size_t>(Attribute::kPurpose)] = purposes;
  for (size_t i = 4 + random.Below(4); i > 0; --i) {
    const auto attribute = static_cast<Attribute>(2 + random.Below(rights::kAttributeCount - 2));
    const uint32_t one = uint32_t{1} << random.Below(rights::AttributeValues(attribute).size());
    box.allowed[static_cast<size_t>(attribute)] =
        random.Below(2) == 0 ? one : Without(attribute, random);
  }
  return box;
}

FactBox HardBox(core::Random& random) {
  FactBox box = rights::WholeBox();
  for (size_t a = 0; a < rights::kAttributeCount; ++a) {
    const auto attribute = static_cast<Attribute>(a);
    if (rights::AttributeValues(attribute).size() > 2) box.allowed[a] = Without(attribute, random);
  }
  return box;
}

FactBox AnyBox(core::Random&) { return rights::WholeBox(); }

std::vector<Facts> DifferentFacts(size_t count, core::Random& random) {
  std::set<Facts> different;
  while (different.size() < count) {
    Facts facts;
    for (size_t a = 0; a < rights::kAttributeCount; ++a) {
      const auto attribute = static_cast<Attribute>(a);
      facts.SetIndex(attribute,
                     static_cast<uint8_t>(random.Below(rights::AttributeValues(attribute).size())));
    }
    different.insert(facts);
  }
  std::vector<Facts> list(different.begin(), different.end());
  random.Shuffle(std::span<Facts>(list));
  return list;
}

double Median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

void Measure(const Shape& shape, const std::vector<Facts>& facts, size_t plain_count) {
  const core::Timestamp time = core::ParseTimestamp("2026-09-01").value();
  const std::span<const Facts> all(facts);
  std::vector<double> compiled;
  std::vector<double> plain;
  size_t permitted = 0;
  for (size_t repeat = 0; repeat < kRepeats; ++repeat) {
    const core::Stopwatch ours;
    const auto decisions = shape.policies.DecideAll(all, time);
    compiled.push_back(ours.CpuSeconds() / static_cast<double>(facts.size()));
    permitted = static_cast<size_t>(
        std::ranges::count(decisions, true, &rights::PolicyDecision::permitted));
    const core::Stopwatch theirs;
    size_t agreed = 0;
    for (const Facts& one : all.first(plain_count)) {
      agreed += rights::DecidePlainly(shape.policies.packs(), one, time).permitted;
    }
    plain.push_back(theirs.CpuSeconds() / static_cast<double>(plain_count));
    if (agreed > permitted) fmt::print("the evaluators disagree\n");
  }
  size_t clauses = 0;
  for (const rights::Pack& pack : shape.policies.packs()) clauses += pack.clauses.size();
  fmt::print(
      "{:10} {:5} clauses  10,000 different works {:8.2f} ms   plain / compiled {:6.1f}   "
      "{} of {} permitted\n",
      shape.name, clauses, 1e4 * 1e3 * Median(compiled), Median(plain) / Median(compiled),
      permitted, facts.size());
}

int Run(bool quick) {
  core::Random random(1);
  const std::vector<Facts> facts = DifferentFacts(quick ? 1000 : 10'000, random);
  const auto shipped = rights::ShippedPacks();
  const std::vector<Shape> shapes = {
      {"shipped", rights::PolicySet::Make({shipped.begin(), shipped.end()}).value()},
      {"typical", MakeSet(1000, 1, random, TypicalBox)},
      {"hard", MakeSet(1000, 4, random, HardBox)},
      {"all apply", MakeSet(1000, 1, random, AnyBox)}};
  for (const Shape& shape : shapes) Measure(shape, facts, quick ? 50 : 500);
  return 0;
}

}  // namespace
}  // namespace klieg

int main(int argc, char** argv) {
  return klieg::Run(argc > 1 && std::string_view(argv[1]) == "--quick");
}
