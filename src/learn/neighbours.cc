#include "learn/neighbours.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "core/check.h"

namespace klieg::learn {
namespace {

/// Columns handed out together.
constexpr size_t kColumnsPerTask = 16;

/// What two columns share; side by side, because both are touched at once.
struct Common {
  float weight = 0;
  uint32_t rows = 0;
};

struct Candidate {
  float similarity;
  uint32_t column;
};

bool GoesFirst(const Candidate& a, const Candidate& b) {
  return a.similarity != b.similarity ? a.similarity > b.similarity : a.column < b.column;
}

class Search {
 public:
  Search(const SparseMatrix& matrix, const SparseMatrix& by_column, const NeighbourOptions& options)
      : matrix_(matrix), by_column_(by_column), options_(options), common_(matrix.column_count) {}

  /// The neighbours of column j, ascending by index; valid until the next call.
  std::span<const Candidate> Run(uint32_t j) {
    CountCommonRows(j);
    candidates_.clear();
    for (const uint32_t i : touched_) {
      const Common common = common_[i];
      common_[i] = {};
      if (i == j) continue;
      const float similarity = Similarity(i, j, common);
      if (similarity > 0) candidates_.push_back({similarity, i});
    }
    touched_.clear();
    if (candidates_.size() > options_.count) {
      std::nth_element(candidates_.begin(), candidates_.begin() + options_.count, candidates_.end(),
                       GoesFirst);
      candidates_.resize(options_.count);
    }
    std::ranges::sort(candidates_, {}, &Candidate::column);
    return candidates_;
  }

 private:
  void CountCommonRows(uint32_t j) {
    for (const uint32_t row : by_column_.RowColumns(j)) {
      const float weight = options_.row_weights.empty() ? 1.0F : options_.row_weights[row];
      for (const uint32_t i : matrix_.RowColumns(row)) {
        if (common_[i].rows == 0) touched_.push_back(i);
        common_[i].weight += weight;
        ++common_[i].rows;
      }
    }
  }

  float Similarity(uint32_t i, uint32_t j, const Common& common) const {
    double similarity = common.weight;
    if (!options_.column_scales.empty()) {
      similarity *= static_cast<double>(options_.column_scales[i]) * options_.column_scales[j];
    }
    return static_cast<float>(similarity * common.rows / (common.rows + options_.shrinkage));
  }

  const SparseMatrix& matrix_;
  const SparseMatrix& by_column_;
  const NeighbourOptions& options_;
  std::vector<Common> common_;     // [C], zero between calls
  std::vector<uint32_t> touched_;  // where it is not
  std::vector<Candidate> candidates_;
};

}  // namespace

uint64_t NearestColumnsBytes(const SparseMatrix& matrix, uint64_t count, size_t threads) {
  const uint64_t columns = matrix.column_count;
  // A search also holds every candidate of one column.
  const uint64_t scratch =
      columns * threads * (sizeof(Common) + sizeof(uint32_t) + sizeof(Candidate));
  return scratch + matrix.entry_count() * (sizeof(uint32_t) + sizeof(float)) +
         columns * std::min(count, columns) * sizeof(Candidate) * 2;
}

SparseMatrix NearestColumns(const SparseMatrix& matrix, const NeighbourOptions& options,
                            core::ThreadPool& pool, core::ProgressTask* progress) {
  KLIEG_CHECK(options.row_weights.empty() || options.row_weights.size() == matrix.row_count);
  KLIEG_CHECK(options.column_scales.empty() || options.column_scales.size() == matrix.column_count);
  const size_t columns = options.only.empty() ? matrix.column_count : options.only.size();
  const SparseMatrix by_column = Transpose(matrix);
  std::vector<Search> searches(pool.threads(), Search(matrix, by_column, options));
  std::vector<std::vector<Candidate>> found(matrix.column_count);
  pool.ParallelFor(
      (columns + kColumnsPerTask - 1) / kColumnsPerTask, [&](size_t task, size_t worker) {
        const size_t end = std::min(columns, (task + 1) * kColumnsPerTask);
        for (size_t place = task * kColumnsPerTask; place < end; ++place) {
          const size_t j = options.only.empty() ? place : options.only[place];
          const std::span<const Candidate> nearest = searches[worker].Run(static_cast<uint32_t>(j));
          found[j].assign(nearest.begin(), nearest.end());
        }
        if (progress != nullptr) progress->Advance(end - task * kColumnsPerTask);
      });
  SparseMatrix result;
  result.column_count = matrix.column_count;
  result.row_count = matrix.column_count;
  for (std::vector<Candidate>& row : found) {
    for (const Candidate& one : row) {
      result.columns.push_back(one.column);
      result.values.push_back(one.similarity);
    }
    result.row_begin.push_back(result.columns.size());
    row = {};
  }
  return result;
}

}  // namespace klieg::learn
