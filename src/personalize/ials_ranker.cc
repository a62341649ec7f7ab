#include "personalize/ials_ranker.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/check.h"
#include "learn/als_contributions.h"
#include "learn/als_row.h"
#include "learn/packed_triangle.h"
#include "learn/panel_scores.h"

namespace klieg::personalize {
namespace {

constexpr std::string_view kFactors = "title_factors";
constexpr std::string_view kSpectrum = "spectrum";
constexpr std::string_view kSettings = "settings";

std::string Join(const std::string& prefix, std::string_view name) {
  return prefix + std::string(name);
}

bool AllFinite(core::MatrixView<const float> matrix) {
  for (size_t row = 0; row < matrix.rows(); ++row) {
    if (!std::ranges::all_of(matrix.Row(row), [](float value) { return std::isfinite(value); })) {
      return false;
    }
  }
  return true;
}

/// A matrix of one row, which is how spans are stored.
std::span<const float> Flat(core::MatrixView<const float> matrix) {
  return {matrix.data(), matrix.rows() * matrix.columns()};
}

}  // namespace

IalsRanker::IalsRanker(learn::AlsColumns titles, const learn::AlsProblem& problem)
    : titles_(std::move(titles)),
      settings_{static_cast<float>(problem.lambda), static_cast<float>(problem.unobserved_weight),
                static_cast<float>(problem.regularization_exponent)},
      panels_(learn::PackScorePanels(titles_.factors.view())) {}

core::Result<std::unique_ptr<Ranker>> IalsRanker::Load(
    const std::string& prefix, std::shared_ptr<const learn::TensorFile> file) {
  KLIEG_ASSIGN(const core::MatrixView<const float> factors, file->Floats(Join(prefix, kFactors)));
  KLIEG_ASSIGN(const core::MatrixView<const float> spectrum, file->Floats(Join(prefix, kSpectrum)));
  KLIEG_ASSIGN(const core::MatrixView<const float> settings, file->Floats(Join(prefix, kSettings)));
  const std::span<const float> diagonal = Flat(spectrum);
  const std::span<const float> problem = Flat(settings);
  if (factors.columns() % learn::kBlockColumns != 0 || diagonal.size() != factors.columns() ||
      problem.size() != 3) {
    return core::Fail(
        core::ErrorCode::kCorrupt,
        "arrays '{}*' of an ials model do not fit together: {} factor columns (a multiple of {} is "
        "expected), spectrum of {}, {} settings (3 are expected)",
        prefix, factors.columns(), learn::kBlockColumns, diagonal.size(), problem.size());
  }
  const bool positive = problem[0] > 0 && problem[1] > 0 &&
                        std::ranges::all_of(diagonal, [](float value) { return value >= 0; });
  if (!positive || !AllFinite(factors) || !AllFinite(spectrum) || !AllFinite(settings)) {
    return core::Fail(core::ErrorCode::kCorrupt,
                      "arrays '{}*' of an ials model hold numbers that are out of range", prefix);
  }
  learn::AlsColumns titles;
  titles.factors = core::Matrix<float>(factors.rows(), factors.columns());
  for (size_t row = 0; row < factors.rows(); ++row) {
    std::ranges::copy(factors.Row(row), titles.factors.Row(row).begin());
  }
  titles.spectrum.assign(diagonal.begin(), diagonal.end());
  return std::make_unique<IalsRanker>(std::move(titles),
                                      learn::AlsProblem{.unobserved_weight = problem[1],
                                                        .lambda = problem[0],
                                                        .regularization_exponent = problem[2]});
}

learn::AlsProblem IalsRanker::Problem() const {
  return {.unobserved_weight = settings_[1],
          .lambda = settings_[0],
          .regularization_exponent = settings_[2]};
}

void IalsRanker::Score(const learn::SparseMatrix& histories, size_t first, size_t count,
                       core::MatrixView<float> scores) const {
  KLIEG_CHECK(first + count <= histories.row_count && scores.columns() == title_count() &&
                  histories.column_count == title_count(),
              "rows {} + {} of {}, {} titles in the histories, {} columns for {} titles", first,
              count, histories.row_count, histories.column_count, scores.columns(), title_count());
  const size_t width = titles_.factors.columns();
  const learn::AlsProblem problem = Problem();
  learn::AlsRowSolver solver(titles_.factors.view(), titles_.spectrum, {});
  core::Matrix<float> members(learn::kScoreRows, width);
  core::Matrix<float> scratch(learn::kScoreRows, width);
  for (size_t begin = 0; begin < count; begin += learn::kScoreRows) {
    const size_t part = std::min(learn::kScoreRows, count - begin);
    for (size_t row = 0; row < part; ++row) {
      const std::span<const uint32_t> history = histories.RowColumns(first + begin + row);
      const std::span<float> member = members.Row(row);
      const double value =
          solver.Solve(history, {}, problem.Regularization(history.size(), title_count()), member);
      if (!std::isfinite(value)) std::ranges::fill(member, 0.0F);
    }
    learn::ScoreRows(panels_, std::as_const(members).view().Rows(0, part),
                     {scratch.data(), learn::kScoreRows * width}, scores.Rows(begin, part));
  }
}

Explanation IalsRanker::Explain(std::span<const uint32_t> history,
                                std::span<const float> /*values*/, TitleIndex title) const {
  const std::vector<double> amounts = learn::AlsContributions(
      titles_.factors.view(), titles_.spectrum, history,
      Problem().Regularization(history.size(), title_count()), title.value());
  Explanation explanation;
  for (size_t i = 0; i < history.size(); ++i) {
    const double amount = std::isfinite(amounts[i]) ? amounts[i] : 0.0;
    explanation.contributions.push_back({TitleIndex(history[i]), amount});
    explanation.score += amount;
  }
  return explanation;
}

void IalsRanker::Save(const std::string& prefix, learn::TensorFileWriter& writer) const {
  writer.Add(Join(prefix, kFactors), titles_.factors.view());
  writer.Add(Join(prefix, kSpectrum), std::span<const float>(titles_.spectrum));
  writer.Add(Join(prefix, kSettings), std::span<const float>(settings_));
}

uint64_t IalsRanker::bytes() const {
  const uint64_t factors = titles_.factors.rows() * titles_.factors.columns();
  const uint64_t panels = panels_.rows() * panels_.columns();
  return (factors + panels + titles_.spectrum.size() + settings_.size()) * sizeof(float);
}

}  // namespace klieg::personalize
