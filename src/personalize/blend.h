/// blend: a weighted sum of other rankers, its weights chosen on members that the components had
/// not seen.
///
///     klieg train blend --dataset films --name house --set of=edlae,ials --set edlae.lambda=200
///
/// Rankers of different kinds err differently, so that their sum is better than each: an item-item
/// model with a factor model is the classic pair (research figures in
/// docs/results/personalization.md).
///
/// score(t) = Σ_c f_c · score_c(t) with f_c = w_c / σ_c. σ_c is the standard deviation of component
/// c's scores over a sample of training histories: one constant a component, so that contributions
/// stay exactly additive.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "learn/sparse_matrix.h"
#include "personalize/learner.h"

namespace klieg::personalize {

struct BlendComponent {
  std::string kind;   ///< "ials"
  double weight = 0;  ///< w_c, as chosen or given.
  double scale = 1;   ///< σ_c > 0
  std::unique_ptr<Ranker> ranker;
};

/// A ranker from trained components; all must score the same titles (CHECKed).
std::unique_ptr<Ranker> MakeBlend(std::vector<BlendComponent> components);

/// σ of a ranker's scores over (at most `rows_max`, evenly spread) rows of `histories`; 1 when it
/// is 0. O(rows_max · cost of scoring a row).
double ScoreDeviation(const Ranker& ranker, const learn::SparseMatrix& histories, size_t rows_max,
                      core::ThreadPool& pool);

/// All weight vectors of `count` components that are multiples of 1 / steps and sum to 1, the first
/// varying slowest.
std::vector<std::vector<double>> SimplexGrid(size_t count, size_t steps);

/// The weights of the grid that give the highest mean NDCG@cutoff over the rows of fold_in / target
/// (titles of the fold-in left out); of equal ones the first. scales as above. Same result for any
/// number of threads.
struct WeightSearch {
  std::vector<double> weights;
  double ndcg = 0;
};
WeightSearch ChooseWeights(const std::vector<const Ranker*>& rankers,
                           const std::vector<double>& scales, const learn::SparseMatrix& fold_in,
                           const learn::SparseMatrix& target, uint32_t cutoff,
                           core::ThreadPool& pool);

const Learner& BlendLearner();

}  // namespace klieg::personalize
