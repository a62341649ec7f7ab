/// Sets of facts, as boxes: for each attribute the values that are allowed. A box is what a
/// conjunction of tests means; a condition in disjunctive normal form is a list of boxes.
///
///     FactBox box = WholeBox();                                     // all facts
///     box.allowed[size_t(Attribute::kConsent)] = 1 << uint8_t(Consent::kPermitted);
///     Contains(box, facts);
///
/// Every function here is exact and pure. A box in which some attribute has no value left is empty;
/// lists hold no empty boxes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "rights/facts.h"
#include "rights/policy.h"

namespace klieg::rights {

/// One bit for each value of the attribute.
uint32_t AllValues(Attribute attribute);

FactBox WholeBox();

bool Contains(const FactBox& box, const Facts& facts);
bool ContainsAny(std::span<const FactBox> boxes, const Facts& facts);

/// Whether every fact of `inner` lies in `outer`.
bool Includes(const FactBox& outer, const FactBox& inner);

/// None when they have no facts in common.
std::optional<FactBox> Intersect(const FactBox& a, const FactBox& b);

/// How many facts it stands for: the product of the allowed values. All facts together are about
/// 1.1e14, so that every count of distinct facts fits.
uint64_t FactCount(const FactBox& box);

/// How many facts lie in any of the boxes, each counted once. None when counting them would take
/// more than `pieces_max` boxes that do not overlap.
std::optional<uint64_t> UnionCount(std::span<const FactBox> boxes, size_t pieces_max = 100'000);

/// The facts of the box with the first (least) value of every attribute. `box` is not empty.
Facts FirstFacts(const FactBox& box);

/// What is left of `box` without `hole`, as boxes that do not overlap; at most one an attribute.
std::vector<FactBox> Subtract(const FactBox& box, const FactBox& hole);

/// Drops boxes that another includes and unites pairs that differ in one attribute, until neither
/// is left to do. The same facts, usually fewer boxes. Returns the pairs compared, O(boxes³) at
/// worst.
uint64_t Simplify(std::vector<FactBox>& boxes);

}  // namespace klieg::rights
