/// A ranker that is a sparse matrix of title-to-title weights: nearest neighbours and sparse EASE.
///
///     score(t) = Σ weights(h, t)   over the titles h of the history that have a weight for t
///
/// A history is a set here: its values are not looked at. Letters: T titles, H titles in a history,
/// K weights a title.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/error.h"
#include "personalize/ranker.h"

namespace klieg::personalize {

class SparseItemRanker final : public Ranker {
 public:
  /// `weights` is T × T with a value for every entry; row h holds what watching h adds to other
  /// titles. `kind` outlives the ranker.
  SparseItemRanker(std::string_view kind, learn::SparseMatrix weights);

  /// The inverse of Save; the arrays stay in the file. kCorrupt when they do not fit together.
  static core::Result<std::unique_ptr<Ranker>> Load(std::string_view kind,
                                                    const std::string& prefix,
                                                    std::shared_ptr<const learn::TensorFile> file);

  std::string_view kind() const override { return kind_; }
  uint32_t title_count() const override { return static_cast<uint32_t>(row_begin_.size() - 1); }
  /// T stores and about H · K additions a row.
  void Score(const learn::SparseMatrix& histories, size_t first, size_t count,
             core::MatrixView<float> scores) const override;
  Explanation Explain(std::span<const uint32_t> history, std::span<const float> values,
                      TitleIndex title) const override;
  void Save(const std::string& prefix, learn::TensorFileWriter& writer) const override;
  uint64_t bytes() const override {
    return row_begin_.size_bytes() + columns_.size_bytes() + values_.size_bytes();
  }

  /// A copy of the weights: T × T, row h holds what watching h adds to other titles.
  learn::SparseMatrix CopyWeights() const;

 private:
  SparseItemRanker() = default;

  std::string_view kind_;
  learn::SparseMatrix owned_;                      // Empty when loaded.
  std::shared_ptr<const learn::TensorFile> file_;  // Null when trained.
  std::span<const uint64_t> row_begin_;            // [T + 1]
  std::span<const uint32_t> columns_;
  std::span<const float> values_;
};

}  // namespace klieg::personalize
