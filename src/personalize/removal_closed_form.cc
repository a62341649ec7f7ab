#include "personalize/removal_closed_form.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "core/memory.h"
#include "learn/inverse_update.h"
#include "personalize/closed_form_error.h"
#include "personalize/dense_item_ranker.h"
#include "personalize/removal_change.h"

namespace klieg::personalize {
namespace {

using core::Matrix;

bool IsDead(const TitleTerms& title) { return title.count == 0; }

/// θ' from θ: D shrinks with the members.
double FollowBackwardError(double backward_error, const OldInverse& old, const NewInverse& after) {
  double growth = 1;
  for (size_t i = 0; i < after.kept.size(); ++i) {
    growth = std::max(growth, old.terms[after.kept[i]].diagonal() / after.terms[i].diagonal());
  }
  return backward_error * growth;
}

/// The diagonal of Q' and the errors, in the new catalogue, with what single precision adds.
Refusal FindNewDiagonal(const ClosedFormOptions& options, const OldInverse& old,
                        const Change& change, NewInverse& after) {
  const size_t rank = change.left.columns();
  const size_t count = after.kept.size();
  std::vector<double> diagonal(count);
  std::vector<double> left_norms(count, 0);
  std::vector<double> right_norms(count, 0);
  for (size_t i = 0; i < count; ++i) {
    const uint32_t title = after.kept[i];
    diagonal[i] = old.inverse.diagonal[title];
    for (size_t k = 0; k < rank; ++k) {
      diagonal[i] += change.left(title, k) * change.right(title, k);
      left_norms[i] += change.left(title, k) * change.left(title, k);
      right_norms[i] += change.right(title, k) * change.right(title, k);
    }
    // Nobody watches it any more: its row of N' holds Λ' and zeros.
    if (IsDead(after.terms[i])) diagonal[i] = 1 / after.terms[i].regulariser;
    if (!(diagonal[i] > 0 && std::isfinite(diagonal[i])))
      return "the down-dated inverse is not positive";
  }
  // |left_i| |right_j| ≤ c_i c_j with c_i² = max(|left_i|² t, |right_i|² / t), for any t.
  const double balance =
      std::sqrt(std::ranges::max(right_norms) / std::max(std::ranges::max(left_norms), 1e-300));
  const double rounding =
      kStorageError * (1 + std::sqrt(static_cast<double>(rank)) / 6);  // (6 + √r) u
  after.errors.resize(count);
  for (size_t i = 0; i < count; ++i) {
    const double error = change.errors[after.kept[i]];
    const double size = std::max(diagonal[i], old.inverse.diagonal[after.kept[i]]);
    const double moved =
        balance > 0 ? std::max(left_norms[i] * balance, right_norms[i] / balance) : 0;
    after.errors[i] = std::sqrt(error * error + rounding * (size + moved));
  }
  after.inverse = MakeInverseDiagonal(options, after.terms, std::move(diagonal));
  return {};
}

/// What AddLowRank multiplies with: g'_j / g_j, left, and right' scaled by g'_j.
struct Factors {
  std::vector<float> columns;
  Matrix<float> left;   // n × r
  Matrix<float> right;  // r × n
};

Factors MakeFactors(const OldInverse& old, const Change& change, const NewInverse& after) {
  const size_t count = after.kept.size();
  const size_t rank = change.left.columns();
  Factors factors{.columns = std::vector<float>(count, 0),
                  .left = Matrix<float>(count, rank),
                  .right = Matrix<float>(rank, count)};
  for (size_t i = 0; i < count; ++i) {
    if (IsDead(after.terms[i])) continue;  // Row and column stay zero.
    const uint32_t title = after.kept[i];
    factors.columns[i] = static_cast<float>(after.inverse.factor[i] / old.inverse.factor[title]);
    for (size_t k = 0; k < rank; ++k) {
      factors.left(i, k) = static_cast<float>(change.left(title, k));
      factors.right(k, i) = static_cast<float>(change.right(title, k) * after.inverse.factor[i]);
    }
  }
  return factors;
}

/// The pass over the weights. `squares` receives Σ_j weights[j] B'_ij² of every row.
Matrix<float> MakeWeights(const OldInverse& old, const Change& change, const NewInverse& after,
                          core::ThreadPool& pool, std::vector<double>& squares) {
  const size_t count = after.kept.size();
  const Factors factors = MakeFactors(old, change, after);
  const learn::LowRankChange update{.source = old.weights,
                                    .kept = after.kept,
                                    .column_factors = factors.columns,
                                    .left = factors.left.view(),
                                    .right = factors.right.view()};
  Matrix<float> weights = MakeTitleMatrix(count);
  squares.assign(count, 0);
  const size_t strips = (count + learn::kRowsPerStrip - 1) / learn::kRowsPerStrip;
  pool.ParallelFor(strips, [&](size_t strip, size_t) {
    const size_t first = strip * learn::kRowsPerStrip;
    const size_t rows = std::min(learn::kRowsPerStrip, count - first);
    const std::span<double> own = std::span(squares).subspan(first, rows);
    learn::AddLowRank(update, first, after.inverse.weights, weights.view(), own);
    for (size_t i = first; i < first + rows; ++i) {
      if (IsDead(after.terms[i])) {
        std::ranges::fill(weights.Row(i), 0.0F);
        own[i - first] = 0;
      }
      const double diagonal = weights(i, i);
      own[i - first] =
          std::max(0.0, own[i - first] - after.inverse.weights[i] * diagonal * diagonal);
      weights(i, i) = 0;
    }
  });
  return weights;
}

InverseRecord MakeRecord(const ClosedFormOptions& options, const NewInverse& after) {
  InverseRecord record;
  for (size_t i = 0; i < after.kept.size(); ++i) {
    record.diagonal.push_back(static_cast<float>(
        ScaledDiagonal(options, after.terms[i].count, after.inverse.diagonal[i])));
    record.title_counts.push_back(after.terms[i].count);
    record.error.push_back(RoundError(after.errors[i]));
  }
  record.backward_error = RoundError(after.backward_error);
  return record;
}

/// The bound of a model with these errors plus that of a freshly trained one. `squares`:
/// Σ_j weights[j] B_ij² of every row.
double StatedBound(const ClosedFormOptions& options, const learn::SparseMatrix& remaining,
                   const NewInverse& after, const std::vector<double>& squares) {
  const double fresh_error = RoundingLevel(options, remaining, after.terms);
  if (!IsSmall(std::max(fresh_error, after.backward_error), after.terms))
    return std::numeric_limits<double>::infinity();
  const std::vector<float> rounding = FreshErrors(after.inverse.diagonal);
  const std::vector<double> fresh =
      TotalErrors(fresh_error, after.terms, after.inverse, squares,
                  std::vector<double>(rounding.begin(), rounding.end()));
  const std::vector<double> ours =
      TotalErrors(after.backward_error, after.terms, after.inverse, squares, after.errors);
  return WeightBound(options, after.inverse, ours) + WeightBound(options, after.inverse, fresh);
}

std::string DescribeBound(size_t rank) {
  return fmt::format(
      "sum of the error bounds of the down-dated and of a retrained model, each "
      "(max s_i * max s_j |g_j| + max sqrt(Q_ii) * max e s_j^2 |g_j| / sqrt(Q_jj)) / (1 - "
      "d)^(1+e), "
      "where |Q_ij - exact| <= s_i s_j, s_i^2 = theta |D Q_i|^2 + eps_i^2, d = max s_i^2 / Q_ii; "
      "retrained theta = u sqrt(T |H|) (roundings taken as independent, u = 2^-24) and eps_i^2 = "
      "6u "
      "Q_ii; the down-date of rank {} carries theta over and adds |(Q'F)_ik| eps_k to eps_i; see "
      "removal_closed_form.h",
      rank);
}

/// Nobody is taken out: the same bytes. They equal retraining to the bit unless removals came
/// before.
Removal Unchanged(std::string_view name, const DenseItemRanker& model,
                  const ClosedFormOptions& options, const RemovalData& data, NewInverse after,
                  core::ThreadPool& pool) {
  OldInverse old = MakeOldInverse(options, model, {}, after);
  const InverseRecord& record = *model.record();
  const size_t titles = old.terms.size();
  Matrix<float> copy = MakeTitleMatrix(titles);
  std::vector<double> squares(titles);
  pool.ParallelFor(titles, [&](size_t i, size_t) {
    std::ranges::copy(old.weights.Row(i), copy.Row(i).begin());
    squares[i] = learn::WeightedSquares(old.weights.Row(i), old.inverse.weights);
  });
  Removal removal{
      .ranker = std::make_unique<DenseItemRanker>(name, std::move(copy), record),
      .method = "down-date",
      .bound = 0,
      .bound_basis = "nobody was taken out of a freshly trained model: no byte changes"};
  const float fresh_error = RoundError(RoundingLevel(options, data.remaining.matrix, after.terms));
  if (record.backward_error == fresh_error && record.error == FreshErrors(old.inverse.diagonal))
    return removal;
  after.inverse = std::move(old.inverse);
  after.errors.assign(record.error.begin(), record.error.end());
  after.backward_error = record.backward_error;
  removal.bound = StatedBound(options, data.remaining.matrix, after, squares);
  removal.bound_basis = DescribeBound(0);
  return removal;
}

core::Result<Removal> Downdate(std::string_view name, const DenseItemRanker& model,
                               const RemovalData& data, const ClosedFormOptions& options,
                               const Members& members, NewInverse after,
                               const TrainContext& context) {
  const OldInverse old = MakeOldInverse(options, model, members, after);
  const std::vector<float>& errors = model.record()->error;
  Change change{.left = {}, .right = {}, .errors = {errors.begin(), errors.end()}};
  Refusal refusal = FindChange(old, after, members, data.removed_titles, context.pool, change);
  if (!refusal) refusal = FindNewDiagonal(options, old, change, after);
  if (refusal) return DeclineRemoval(*refusal);
  after.backward_error = FollowBackwardError(model.record()->backward_error, old, after);
  std::vector<double> squares;
  Matrix<float> weights = MakeWeights(old, change, after, context.pool, squares);
  const double bound = StatedBound(options, data.remaining.matrix, after, squares);
  if (!std::isfinite(bound) ||
      !std::ranges::all_of(squares, [](double s) { return std::isfinite(s); })) {
    return DeclineRemoval(
        "the inverse is too ill-conditioned for single precision to bound the error of a "
        "down-date");
  }
  return Removal{.ranker = std::make_unique<DenseItemRanker>(name, std::move(weights),
                                                             MakeRecord(options, after)),
                 .method = "down-date",
                 .bound = bound,
                 .bound_basis = DescribeBound(change.left.columns())};
}

}  // namespace

core::Result<Removal> RemoveFromClosedForm(std::string_view name, const Ranker& model,
                                           const RemovalData& data,
                                           const ClosedFormOptions& options,
                                           const TrainContext& context) {
  const auto* dense = dynamic_cast<const DenseItemRanker*>(&model);
  if (dense == nullptr || !dense->record()) {
    return DeclineRemoval("the model file does not hold the diagonal of its inverse");
  }
  if (options.member_exponent != 0 && !data.removed_titles.empty()) {
    return DeclineRemoval(
        "with member_exponent, removing titles changes the weight of every member who watched "
        "them");
  }
  NewInverse after;
  after.kept = KeptTitles(model.title_count(), data.removed_titles);
  KLIEG_ASSIGN(const Members members, FindMembers(data, options, *dense->record(), after.kept));
  after.terms = MakeTitleTerms(options, data.remaining.matrix);
  const uint64_t titles = model.title_count();
  const uint64_t rank = std::min<uint64_t>(members.weights.size(), members.titles.size()) +
                        data.removed_titles.size();
  KLIEG_TRY(core::RequireMemory(
      4 * titles * titles + 40 * rank * titles, context.memory_limit_bytes,
      fmt::format("a down-date of {} for {} titles", name, titles),
      "leave the model in quarantine and remove on a machine with more memory"));
  const auto progress = context.progress.Begin(fmt::format("down-date {}", name), 1, "passes");
  if (members.titles.empty() && data.removed_titles.empty()) {
    return Unchanged(name, *dense, options, data, std::move(after), context.pool);
  }
  core::Result<Removal> removal =
      Downdate(name, *dense, data, options, members, std::move(after), context);
  progress->Advance(1);
  return removal;
}

}  // namespace klieg::personalize
