/// Removal of members and titles from `item-knn`: only rows that can change are counted again.
///
/// With H the titles that the removed members watched, a similarity changes only where one of its
/// titles is in H, as long as the other factors stay: for a pair of j ∉ H and i ∈ H nobody in common
/// was removed, and the scale of i can only have grown. So the rows of H are counted again, and every
/// other row is its old list with the entries of H made new: no third title can move up into it. Rows
/// whose list was full and held a removed title are counted again too.
///
///     weighting       members removed    titles removed
///     cosine          rows of H          rows that listed them
///     tf-idf          rows of H          all rows (T is in every weight)
///     random-walk     rows of H          all rows (n_u is)
///     bm25            all rows (the mean of n_i is in every scale; without it, k1 b = 0: rows of H)
///
/// The result equals training from scratch to the bit in every case; the test of that is the second
/// opinion.
#pragma once

#include "core/error.h"
#include "personalize/learner.h"
#include "personalize/removal.h"

namespace klieg::personalize {

/// The `remove` of `item-knn`; method "recount", bound 0. Time: the interactions of the members of
/// the titles that are counted again, and O(N + T K).
core::Result<Removal> RemoveFromItemKnn(const Ranker& model, const RemovalData& data,
                                        const HyperParameters& values, const TrainContext& context);

}  // namespace klieg::personalize
