#include "rights/fact_box.h"

#include <bit>

#include "core/check.h"

namespace klieg::rights {
namespace {

/// The union, where it is a box: a and b differ in one attribute only. None otherwise.
std::optional<FactBox> Unite(const FactBox& a, const FactBox& b) {
  size_t differing = 0;
  size_t differences = 0;
  for (size_t i = 0; i < kAttributeCount; ++i) {
    if (a.allowed[i] == b.allowed[i]) continue;
    if (++differences > 1) return std::nullopt;
    differing = i;
  }
  FactBox united = a;
  united.allowed[differing] |= b.allowed[differing];
  return united;
}

std::optional<FactBox> Replacement(const FactBox& a, const FactBox& b) {
  if (Includes(a, b)) return a;
  if (Includes(b, a)) return b;
  return Unite(a, b);
}

}  // namespace

uint32_t AllValues(Attribute attribute) {
  static const std::array<uint32_t, kAttributeCount> masks = [] {
    std::array<uint32_t, kAttributeCount> all{};
    for (size_t i = 0; i < kAttributeCount; ++i) {
      all[i] = (uint32_t{1} << AttributeValues(static_cast<Attribute>(i)).size()) - 1;
    }
    return all;
  }();
  return masks[static_cast<size_t>(attribute)];
}

FactBox WholeBox() {
  FactBox box{};
  for (size_t i = 0; i < kAttributeCount; ++i) {
    box.allowed[i] = AllValues(static_cast<Attribute>(i));
  }
  return box;
}

bool Contains(const FactBox& box, const Facts& facts) {
  for (size_t i = 0; i < kAttributeCount; ++i) {
    if ((box.allowed[i] >> facts.Index(static_cast<Attribute>(i)) & 1) == 0) return false;
  }
  return true;
}

bool ContainsAny(std::span<const FactBox> boxes, const Facts& facts) {
  for (const FactBox& box : boxes) {
    if (Contains(box, facts)) return true;
  }
  return false;
}

bool Includes(const FactBox& outer, const FactBox& inner) {
  for (size_t i = 0; i < kAttributeCount; ++i) {
    if ((inner.allowed[i] & ~outer.allowed[i]) != 0) return false;
  }
  return true;
}

std::optional<FactBox> Intersect(const FactBox& a, const FactBox& b) {
  FactBox both{};
  for (size_t i = 0; i < kAttributeCount; ++i) {
    both.allowed[i] = a.allowed[i] & b.allowed[i];
    if (both.allowed[i] == 0) return std::nullopt;
  }
  return both;
}

uint64_t FactCount(const FactBox& box) {
  uint64_t count = 1;
  for (const uint32_t allowed : box.allowed) count *= static_cast<uint64_t>(std::popcount(allowed));
  return count;
}

std::optional<uint64_t> UnionCount(std::span<const FactBox> boxes, size_t pieces_max) {
  uint64_t count = 0;
  size_t pieces = 0;
  for (size_t i = 0; i < boxes.size(); ++i) {
    std::vector<FactBox> rest = {boxes[i]};
    for (const FactBox& earlier : boxes.first(i)) {
      std::vector<FactBox> next;
      for (const FactBox& piece : rest) {
        const std::vector<FactBox> left = Subtract(piece, earlier);
        next.insert(next.end(), left.begin(), left.end());
        pieces += left.size();
        if (pieces > pieces_max) return std::nullopt;
      }
      rest = std::move(next);
    }
    for (const FactBox& piece : rest) count += FactCount(piece);
  }
  return count;
}

Facts FirstFacts(const FactBox& box) {
  Facts facts;
  for (size_t i = 0; i < kAttributeCount; ++i) {
    KLIEG_CHECK(box.allowed[i] != 0, "an empty box has no facts");
    facts.SetIndex(static_cast<Attribute>(i),
                   static_cast<uint8_t>(std::countr_zero(box.allowed[i])));
  }
  return facts;
}

std::vector<FactBox> Subtract(const FactBox& box, const FactBox& hole) {
  if (!Intersect(box, hole)) return {box};
  std::vector<FactBox> pieces;
  FactBox rest = box;
  for (size_t i = 0; i < kAttributeCount; ++i) {
    const uint32_t outside = rest.allowed[i] & ~hole.allowed[i];
    if (outside == 0) continue;
    pieces.push_back(rest);
    pieces.back().allowed[i] = outside;
    rest.allowed[i] &= hole.allowed[i];
  }
  return pieces;
}

uint64_t Simplify(std::vector<FactBox>& boxes) {
  uint64_t compared = 0;
  for (size_t i = 0; i < boxes.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      ++compared;
      const std::optional<FactBox> one = Replacement(boxes[j], boxes[i]);
      if (!one) continue;
      // The new box may combine with any other: it is looked at again from where it stands.
      boxes[j] = boxes[i - 1];
      boxes[i - 1] = *one;
      boxes.erase(boxes.begin() + static_cast<std::ptrdiff_t>(i));
      i = i >= 2 ? i - 2 : 0;
      break;
    }
  }
  return compared;
}

}  // namespace klieg::rights
