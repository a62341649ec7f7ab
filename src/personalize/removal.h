/// Exact removal: takes members and titles out of a trained model, so that what is left is the model
/// that training without them would have given.
///
///     const RemovalData data{.remaining = rest, .removed = histories, .removed_titles = titles};
///     KLIEG_ASSIGN(Removal removal, RemoveFromModel(EaseLearner(), model, data, values, context));
///     removal.ranker, removal.method, removal.bound      // what to serve and what to say of it
///
/// `klieg verify removal` trains `remaining` from scratch and hands both to CompareRankers.
///
/// Letters: T titles of the old catalogue, t of them removed, k members removed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/error.h"
#include "learn/sparse_matrix.h"
#include "personalize/interactions.h"
#include "personalize/learner.h"
#include "personalize/ranker.h"

namespace klieg::personalize {

/// What is taken out and what is left. Does not own `remaining`.
struct RemovalData {
  /// What is left, in the new catalogue: the old titles without the removed ones, in the same order,
  /// and the members in the order in which the model was trained. Titles that nobody watches any
  /// more stay unless they are removed by name.
  const Interactions& remaining;
  /// k × T: histories of the removed members as they were trained, removed titles included.
  learn::SparseMatrix removed;
  /// [t] indices in the old catalogue, strictly ascending.
  std::vector<uint32_t> removed_titles;
};

struct Removal {
  /// Null when a learner's `remove` declines; never null from RemoveFromModel.
  std::unique_ptr<Ranker> ranker;
  /// "down-date": the inverse was followed through the change; "recount": counts were made again
  /// where they can have changed; "retrain": trained from scratch.
  std::string method;
  /// Largest absolute difference of any score weight from training from scratch that the arithmetic
  /// allows. 0: equal to the bit.
  double bound = 0;
  /// In words, with the formula; of a learner that declines, or of "retrain": why.
  std::string bound_basis;
};

/// Checks `data`, lets the learner remove, and trains from scratch on what is left where the learner
/// cannot, or declines.
///
/// Removing nobody, and members whose histories are empty, changes no byte. kInvalidArgument when
/// the model was not made by `learner`, when indices or widths do not fit the model's catalogue, when
/// nothing is left to learn from, and, where the model knows its own counts, when the remaining and
/// removed histories are not what it was trained on. Errors of training pass through. Same bytes for
/// any number of threads.
core::Result<Removal> RemoveFromModel(const Learner& learner, const Ranker& model,
                                      const RemovalData& data, const HyperParameters& values,
                                      const TrainContext& context);

/// A removal that was not done, and why: RemoveFromModel then trains from scratch.
Removal DeclineRemoval(std::string reason);

/// The titles that stay, as indices in the old catalogue, ascending.
std::vector<uint32_t> KeptTitles(uint32_t title_count, const std::vector<uint32_t>& removed_titles);

/// How two rankers of one kind differ.
struct RemovalDifference {
  bool equal = false;        ///< Every array has the same bytes.
  double absolute = 0;       ///< max |a - b| over the arrays that scores are made of
  double relative = 0;       ///< absolute / max |b|; 0 when b holds zeros only and a equals it
  uint64_t differing = 0;    ///< weights of these arrays that differ
  std::string largest_name;  ///< the array where `absolute` was found; empty when it is 0
};

/// Compares a down-dated ranker `a` with `b`, trained from scratch, through the arrays that both
/// would save. Arrays that no score is made of (the record of an inverse: its diagonal and error)
/// count for `equal` only. kInvalidArgument when names, types or shapes differ. O(bytes); holds no
/// copy.
core::Result<RemovalDifference> CompareRankers(const Ranker& a, const Ranker& b);

}  // namespace klieg::personalize
