#include "personalize/ease_sparse.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <utility>
#include <vector>

#include "core/memory.h"
#include "learn/cholesky_solve.h"
#include "learn/neighbours.h"
#include "learn/support_gram.h"
#include "personalize/item_scaling.h"
#include "personalize/sparse_item_ranker.h"

namespace klieg::personalize {
namespace {

constexpr std::string_view kName = "ease-sparse";

/// Titles handed out together.
constexpr size_t kTitlesPerTask = 8;

/// What every column's regression reads.
struct Problem {
  const learn::SparseMatrix& by_title;  // X', T × M
  const ItemScaling& scaling;
  double lambda;
};

/// The largest index there is: no title failed.
constexpr uint32_t kNone = UINT32_MAX;

/// Solves one column after the other; one per thread.
class ColumnSolver {
 public:
  explicit ColumnSolver(const Problem& problem)
      : problem_(problem), gram_(problem.by_title, problem.scaling.row_weights) {}

  /// Replaces the similarities of j's neighbours by their weights for j. False when rounding made
  /// the system singular.
  bool Solve(uint32_t j, std::span<const uint32_t> support, std::span<float> weights) {
    const size_t size = support.size();
    if (size == 0) return true;
    columns_.assign(support.begin(), support.end());
    columns_.push_back(j);
    if (piece_.rows() < size + 1) piece_ = core::Matrix<double>(size + 1, size + 1);
    const core::MatrixView<double> piece(piece_.data(), size + 1, size + 1);
    gram_.Compute(columns_, piece);
    Scale(piece);
    // The last row holds G_jS: the right-hand side, and out of the way of the system.
    if (!learn::SolveSpd(core::MatrixView<double>(piece.data(), size, size, size + 1),
                         piece.Row(size).first(size))) {
      return false;
    }
    const double output = problem_.scaling.OutputScale(j);
    for (size_t p = 0; p < size; ++p) {
      weights[p] =
          static_cast<float>(piece(size, p) * problem_.scaling.TitleScale(support[p]) * output);
    }
    return std::ranges::all_of(weights, [](float weight) { return std::isfinite(weight); });
  }

 private:
  void Scale(core::MatrixView<double> piece) const {
    for (size_t p = 0; p < columns_.size(); ++p) {
      const double scale = problem_.scaling.TitleScale(columns_[p]);
      for (size_t q = 0; q <= p; ++q)
        piece(p, q) *= scale * problem_.scaling.TitleScale(columns_[q]);
      piece(p, p) += problem_.lambda;
    }
  }

  const Problem& problem_;
  learn::SupportGram gram_;
  std::vector<uint32_t> columns_;
  core::Matrix<double> piece_;
};

/// s_i / sqrt(s_i² G_ii + lambda): the factor of title i in the cosine that picks neighbours, G
/// being unscaled.
std::vector<float> CosineScales(const learn::SparseMatrix& matrix, const ItemScaling& scaling,
                                double lambda) {
  std::vector<double> diagonal(matrix.column_count, 0);
  for (size_t row = 0; row < matrix.row_count; ++row) {
    const double weight = scaling.row_weights.empty() ? 1.0 : scaling.row_weights[row];
    for (const uint32_t column : matrix.RowColumns(row)) diagonal[column] += weight;
  }
  std::vector<float> scales(matrix.column_count);
  for (size_t i = 0; i < scales.size(); ++i) {
    const double scale = scaling.TitleScale(i);
    scales[i] = static_cast<float>(scale / std::sqrt(scale * scale * diagonal[i] + lambda));
  }
  return scales;
}

/// The support that leaves nothing out, not even titles without a member in common: what dense EASE
/// uses.
learn::SparseMatrix AllOthers(uint32_t titles) {
  learn::SparseMatrix all;
  all.column_count = titles;
  for (uint32_t title = 0; title < titles; ++title) {
    std::vector<uint32_t> others;
    for (uint32_t other = 0; other < titles; ++other) {
      if (other != title) others.push_back(other);
    }
    all.AppendRow(others);
  }
  all.values.assign(all.columns.size(), 0.0F);
  return all;
}

/// Neighbours and their similarities become neighbours and their weights, title by title. Returns
/// the first title whose system could not be solved, or kNone.
uint32_t SolveColumns(const Problem& problem, const TrainContext& context,
                      core::ProgressTask& progress, learn::SparseMatrix& nearest) {
  const size_t titles = nearest.row_count;
  std::vector<ColumnSolver> solvers;
  for (size_t worker = 0; worker < context.pool.threads(); ++worker) solvers.emplace_back(problem);
  std::atomic<uint32_t> failed{kNone};
  context.pool.ParallelFor(
      (titles + kTitlesPerTask - 1) / kTitlesPerTask, [&](size_t task, size_t worker) {
        const size_t end = std::min(titles, (task + 1) * kTitlesPerTask);
        for (size_t j = task * kTitlesPerTask; j < end; ++j) {
          const std::span<float> weights =
              std::span(nearest.values).subspan(nearest.row_begin[j], nearest.RowSize(j));
          const auto title = static_cast<uint32_t>(j);
          if (solvers[worker].Solve(title, nearest.RowColumns(j), weights)) continue;
          uint32_t first = failed;
          while (title < first && !failed.compare_exchange_weak(first, title)) {
          }
        }
        progress.Advance(end - task * kTitlesPerTask);
      });
  return failed;
}

uint64_t PeakBytes(const learn::SparseMatrix& matrix, uint64_t neighbours, size_t threads) {
  const uint64_t support = std::min<uint64_t>(neighbours, matrix.column_count) + 1;
  const uint64_t mean_members = matrix.entry_count() / std::max(matrix.column_count, 1U) + 1;
  // Neighbours are popular: ten times the mean is a generous guess at their members.
  const uint64_t solving =
      threads * (12 * uint64_t{matrix.row_count} + 8 * support * support +
                 4 * std::min<uint64_t>(support * mean_members * 10, matrix.entry_count()));
  return learn::NearestColumnsBytes(matrix, neighbours, threads) + solving +
         8 * matrix.entry_count();
}

core::Result<std::unique_ptr<Ranker>> Train(const Interactions& data, const HyperParameters& values,
                                            const TrainContext& context) {
  const learn::SparseMatrix& matrix = data.matrix;
  const double lambda = values.Real("lambda");
  const auto neighbours = static_cast<uint32_t>(values.Integer("neighbours"));
  KLIEG_TRY(core::RequireMemory(PeakBytes(matrix, neighbours, context.pool.threads()),
                                context.memory_limit_bytes,
                                fmt::format("ease-sparse of {} titles with {} neighbours each",
                                            matrix.column_count, neighbours),
                                "use fewer neighbours or threads, or popularity"));
  const auto progress =
      context.progress.Begin("train ease-sparse", 2 * uint64_t{matrix.column_count}, "titles");
  const ItemScaling scaling =
      MakeItemScaling(matrix, {values.Real("member_exponent"), values.Real("title_exponent"),
                               values.Real("output_exponent")});
  const std::vector<float> cosine_scales = CosineScales(matrix, scaling, lambda);
  learn::SparseMatrix nearest;
  if (neighbours + 1 >= matrix.column_count) {
    nearest = AllOthers(matrix.column_count);
    progress->Advance(matrix.column_count);
  } else {
    nearest = learn::NearestColumns(
        matrix,
        {.count = neighbours, .row_weights = scaling.row_weights, .column_scales = cosine_scales},
        context.pool, progress.get());
  }
  const learn::SparseMatrix by_title = learn::Transpose(matrix);
  const uint32_t failed = SolveColumns({by_title, scaling, lambda}, context, *progress, nearest);
  if (failed != kNone) {
    return core::Fail(core::ErrorCode::kInvalidArgument,
                      "ease-sparse: the neighbours of title '{}' cannot be told apart with lambda "
                      "{}; use a larger lambda",
                      data.title_names[failed], lambda);
  }
  // Solved by the title that is scored; scoring asks by the title that was watched.
  return std::make_unique<SparseItemRanker>(kName, learn::Transpose(nearest));
}

core::Result<std::unique_ptr<Ranker>> Load(const std::string& prefix,
                                           std::shared_ptr<const learn::TensorFile> file) {
  return SparseItemRanker::Load(kName, prefix, std::move(file));
}

HyperParameter Exponent(std::string_view name, double tune_low, std::string_view meaning) {
  return {.name = name,
          .default_value = "0",
          .low = -2,
          .high = 2,
          .tune_low = tune_low,
          .tune_high = 0.5,
          .meaning = meaning};
}

}  // namespace

const Learner& EaseSparseLearner() {
  static const std::array<HyperParameter, 5> hyper_parameters = {
      HyperParameter{.name = "lambda",
                     .default_value = "200",
                     .low = 1e-6,
                     .high = 1e9,
                     .tune_low = 5,
                     .tune_high = 2000,
                     .logarithmic = true,
                     .meaning = "Regularisation added to the diagonal of the Gram matrix, in "
                                "members (after scaling)."},
      HyperParameter{.name = "neighbours",
                     .type = HyperParameterType::kInteger,
                     .default_value = "200",
                     .low = 1,
                     .high = 20000,
                     .tune_low = 50,
                     .tune_high = 400,
                     .logarithmic = true,
                     .meaning = "K: titles that can contribute to the score of a title."},
      Exponent("member_exponent", 0,
               "a: a member with n titles is scaled by n^-a, so that heavy viewers count less."),
      Exponent("title_exponent", 0,
               "b: a title with n members is scaled by n^-b, so that popular titles are "
               "regularised more."),
      Exponent("output_exponent", -0.3,
               "c: the score of a title with n members is multiplied by n^c, which gives "
               "popularity back.")};
  static const Learner learner = {
      .name = kName,
      .summary = "EASE within the nearest neighbours of every title, for large catalogues.",
      .source =
          "Steck, Markov Random Fields for Collaborative Filtering, NeurIPS 2019, section 3.2",
      .hyper_parameters = hyper_parameters,
      .train = Train,
      .load = Load,
  };
  return learner;
}

}  // namespace klieg::personalize
