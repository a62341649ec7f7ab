// Packs compiled to bits.
//
// Every box of every clause has a bit. For each attribute and value a row of bits says which boxes
// allow that value; facts satisfy the boxes whose bits are left when the rows of their values are
// ANDed. Rows are cut into lines of 512 boxes, and the lines of all rows for the same boxes lie
// together ("a page"), so that a decision walks through memory once:
//
//     page p:  there is a box | action=use | action=import | … | notice=at-least-48h
//              8 words of 64    8 words      8 words             8 words
//
// Boxes are sorted so that those with the same restrictions share a line, and the most restricted
// attributes come first: for most lines nothing is left after a few rows. Prohibitions and
// permissions have a table each; the second is looked at only when the first has nothing to say.
// Periods are compared for the boxes that are left, as they are few.
#include <algorithm>
#include <bit>
#include <cstring>
#include <set>

#include "core/check.h"
#include "rights/fact_box.h"
#include "rights/policy.h"
#include "rights/policy_plain.h"

namespace klieg::rights {
namespace {

constexpr size_t kWordBits = 64;
constexpr size_t kLineWords = 8;
constexpr size_t kLineBits = kLineWords * kWordBits;

using Line = std::array<uint64_t, kLineWords>;

struct BoxOwner {
  ClauseIndex clause;
  Period in_force;
};

struct OwnedBox {
  FactBox box;
  BoxOwner owner;
};

class BoxTable {
 public:
  BoxTable() = default;
  explicit BoxTable(std::vector<OwnedBox> boxes) {
    ChooseAttributes(boxes);
    std::ranges::stable_sort(boxes, [this](const OwnedBox& a, const OwnedBox& b) {
      return SortKey(a.box) < SortKey(b.box);
    });
    pages_.resize((boxes.size() + kLineBits - 1) / kLineBits * page_lines_);
    for (size_t i = 0; i < boxes.size(); ++i) Enter(boxes[i].box, i);
    for (const OwnedBox& one : boxes) owners_.push_back(one.owner);
  }

  /// The clauses in force that apply, ascending, each once.
  std::vector<ClauseIndex> Find(const Facts& facts, core::Timestamp time) const {
    std::array<uint32_t, kAttributeCount> rows;
    for (size_t k = 0; k < attributes_.size(); ++k) {
      rows[k] = first_rows_[k] + facts.Index(attributes_[k]);
    }
    std::vector<ClauseIndex> found;
    const Line* page = pages_.data();
    for (size_t first = 0; first < owners_.size(); first += kLineBits, page += page_lines_) {
      Line left = page[0];
      uint64_t any = 1;
      for (size_t k = 0; k < attributes_.size() && any != 0; ++k) {
        any = And(left, page[rows[k]]);
      }
      if (any != 0) Collect(left, first, time, found);
    }
    // They are ascending already where a clause has one box and sorting left its place.
    if (!std::ranges::is_sorted(found)) std::ranges::sort(found);
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
  }

 private:
  /// Returns not 0 when something is left.
  static uint64_t And(Line& left, const Line& row) {
    uint64_t any = 0;
    for (size_t w = 0; w < kLineWords; ++w) {
      left[w] &= row[w];
      any |= left[w];
    }
    return any;
  }

  void Collect(const Line& left, size_t first, core::Timestamp time,
               std::vector<ClauseIndex>& found) const {
    for (size_t w = 0; w < kLineWords; ++w) {
      for (uint64_t bits = left[w]; bits != 0; bits &= bits - 1) {
        const auto bit = static_cast<size_t>(std::countr_zero(bits));
        const BoxOwner& owner = owners_[first + w * kWordBits + bit];
        if (owner.in_force.Contains(time)) found.push_back(owner.clause);
      }
    }
  }

  /// Those that some box restricts, the most restricted first: the sooner nothing is left, the
  /// better. Line 0 of a page marks the boxes that there are.
  void ChooseAttributes(const std::vector<OwnedBox>& boxes) {
    std::array<size_t, kAttributeCount> restricted{};
    for (const OwnedBox& one : boxes) {
      for (size_t i = 0; i < kAttributeCount; ++i) {
        restricted[i] += one.box.allowed[i] != AllValues(static_cast<Attribute>(i));
      }
    }
    for (size_t i = 0; i < kAttributeCount; ++i) {
      if (restricted[i] > 0) attributes_.push_back(static_cast<Attribute>(i));
    }
    std::ranges::stable_sort(attributes_, [&](Attribute a, Attribute b) {
      return restricted[static_cast<size_t>(a)] > restricted[static_cast<size_t>(b)];
    });
    for (const Attribute attribute : attributes_) {
      first_rows_.push_back(page_lines_);
      page_lines_ += static_cast<uint32_t>(AttributeValues(attribute).size());
    }
  }

  std::array<uint32_t, kAttributeCount> SortKey(const FactBox& box) const {
    std::array<uint32_t, kAttributeCount> key{};
    for (size_t k = 0; k < attributes_.size(); ++k) {
      key[k] = box.allowed[static_cast<size_t>(attributes_[k])];
    }
    return key;
  }

  void Enter(const FactBox& box, size_t index) {
    Line* page = pages_.data() + index / kLineBits * page_lines_;
    const size_t word = index % kLineBits / kWordBits;
    const uint64_t bit = uint64_t{1} << (index % kWordBits);
    page[0][word] |= bit;
    for (size_t k = 0; k < attributes_.size(); ++k) {
      const uint32_t allowed = box.allowed[static_cast<size_t>(attributes_[k])];
      const size_t values = AttributeValues(attributes_[k]).size();
      for (size_t v = 0; v < values; ++v) {
        if ((allowed >> v & 1) != 0) page[first_rows_[k] + v][word] |= bit;
      }
    }
  }

  std::vector<Attribute> attributes_;
  std::vector<uint32_t> first_rows_;  ///< Of attributes_[k], within a page.
  uint32_t page_lines_ = 1;
  std::vector<Line> pages_;
  std::vector<BoxOwner> owners_;  ///< One a bit.
};

BoxTable TableOf(const std::vector<Pack>& packs, Effect effect) {
  std::vector<OwnedBox> boxes;
  for (uint32_t p = 0; p < packs.size(); ++p) {
    for (uint32_t c = 0; c < packs[p].clauses.size(); ++c) {
      const Clause& clause = packs[p].clauses[c];
      if (clause.effect != effect) continue;
      const Period in_force = PeriodInForce(packs[p], clause);
      for (const FactBox& box : clause.boxes) boxes.push_back({box, {{p, c}, in_force}});
    }
  }
  return BoxTable(std::move(boxes));
}

/// Which facts of a list were seen before. Open addressing, at most half full.
class FirstPlaces {
 public:
  explicit FirstPlaces(std::span<const Facts> facts)
      : facts_(facts), places_(std::bit_ceil(2 * facts.size() + 1), kNone) {}

  /// The first place of facts equal to those at `index`, which it is when they are new.
  size_t FirstPlaceOf(size_t index) {
    const size_t mask = places_.size() - 1;
    for (size_t at = Hash(facts_[index]) & mask;; at = (at + 1) & mask) {
      if (places_[at] == kNone) places_[at] = index;
      if (facts_[places_[at]] == facts_[index]) return places_[at];
    }
  }

 private:
  static constexpr size_t kNone = SIZE_MAX;

  static size_t Hash(const Facts& facts) {
    std::array<uint64_t, (sizeof(Facts) + 7) / 8> words{};
    std::memcpy(words.data(), &facts, sizeof(Facts));
    uint64_t hash = 0;
    for (const uint64_t word : words) {
      hash = (hash ^ word) * 0x9e3779b97f4a7c15;
      hash ^= hash >> 32;
    }
    return static_cast<size_t>(hash);
  }

  std::span<const Facts> facts_;
  std::vector<size_t> places_;
};

}  // namespace

struct PolicySet::Compiled {
  std::vector<Pack> packs;
  BoxTable prohibitions;
  BoxTable permissions;
};

core::Result<PolicySet> PolicySet::Make(std::vector<Pack> packs) {
  std::set<std::string_view> names;
  for (const Pack& pack : packs) {
    if (!names.insert(pack.name).second) {
      return core::Fail(core::ErrorCode::kInvalidArgument,
                        "two packs are named '{}': a pack is in force once, in one version",
                        pack.name);
    }
  }
  auto compiled = std::make_shared<Compiled>();
  compiled->prohibitions = TableOf(packs, Effect::kForbid);
  compiled->permissions = TableOf(packs, Effect::kPermit);
  compiled->packs = std::move(packs);
  PolicySet set;
  set.compiled_ = std::move(compiled);
  return set;
}

const std::vector<Pack>& PolicySet::packs() const { return compiled_->packs; }

const Clause& PolicySet::clause(ClauseIndex index) const {
  KLIEG_CHECK(index.pack < packs().size() && index.clause < packs()[index.pack].clauses.size(),
              "no clause {} in pack {}", index.clause, index.pack);
  return packs()[index.pack].clauses[index.clause];
}

PolicyDecision PolicySet::Decide(const Facts& facts, core::Timestamp time) const {
  PolicyDecision decision;
  decision.because = compiled_->prohibitions.Find(facts, time);
  if (decision.because.empty()) {
    decision.because = compiled_->permissions.Find(facts, time);
    decision.permitted = !decision.because.empty();
    return decision;
  }
  decision.stops_run = std::ranges::any_of(
      decision.because, [this](ClauseIndex index) { return clause(index).stops_run; });
  return decision;
}

std::vector<PolicyDecision> PolicySet::DecideAll(std::span<const Facts> facts,
                                                 core::Timestamp time) const {
  std::vector<PolicyDecision> decisions;
  decisions.reserve(facts.size());
  FirstPlaces places(facts);
  for (size_t i = 0; i < facts.size(); ++i) {
    const size_t first = places.FirstPlaceOf(i);
    decisions.push_back(first == i ? Decide(facts[i], time) : PolicyDecision(decisions[first]));
  }
  return decisions;
}

}  // namespace klieg::rights
