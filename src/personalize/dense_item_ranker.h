/// A ranker that is a dense matrix of title-to-title weights: the form that EASE and its relatives
/// take.
///
///     score(t) = Σ weights(h, t)   over the titles h of the history
///
/// A history is a set here: its values are not looked at. Every score is a sum of one weight per
/// watched title, so that explanations are exact and a new member is served like any other.
/// Letters: T titles, H titles in a history.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/matrix.h"
#include "personalize/ranker.h"

namespace klieg::personalize {

/// What removal needs to know of the inverse P behind the weights (removal_closed_form.h).
struct InverseRecord {
  std::vector<float> diagonal;         ///< [T] P_ii > 0
  std::vector<uint32_t> title_counts;  ///< [T] members who watched the title, 0 where nobody did
  std::vector<float> error;  ///< [T] ε_i: rounding of stored elements, after title scaling
  float backward_error = 0;  ///< θ: error of the inversion (both: closed_form_error.h)
  bool operator==(const InverseRecord&) const = default;
};

class DenseItemRanker final : public Ranker {
 public:
  /// `weights` is T × T, finite; row h holds what watching h adds to every title. `kind` outlives
  /// the ranker. Without a record nobody can be removed from it.
  DenseItemRanker(std::string_view kind, core::Matrix<float> weights,
                  std::optional<InverseRecord> record = {});

  /// The inverse of Save; the matrix stays in the file. kCorrupt when it is missing or not square,
  /// or when a record is there that does not fit. A file without a record is an older one.
  static core::Result<std::unique_ptr<Ranker>> Load(std::string_view kind,
                                                    const std::string& prefix,
                                                    std::shared_ptr<const learn::TensorFile> file);

  std::string_view kind() const override { return kind_; }
  uint32_t title_count() const override { return static_cast<uint32_t>(weights_.rows()); }
  /// H · T additions a row, at the speed of memory.
  void Score(const learn::SparseMatrix& histories, size_t first, size_t count,
             core::MatrixView<float> scores) const override;
  Explanation Explain(std::span<const uint32_t> history, std::span<const float> values,
                      TitleIndex title) const override;
  void Save(const std::string& prefix, learn::TensorFileWriter& writer) const override;
  uint64_t bytes() const override;

  core::MatrixView<const float> weights() const { return weights_; }
  const std::optional<InverseRecord>& record() const { return record_; }

 private:
  DenseItemRanker(std::string_view kind, std::shared_ptr<const learn::TensorFile> file,
                  core::MatrixView<const float> weights);

  std::string_view kind_;
  core::Matrix<float> owned_;                      // Empty when loaded.
  std::shared_ptr<const learn::TensorFile> file_;  // Null when trained.
  core::MatrixView<const float> weights_;
  std::optional<InverseRecord> record_;
};

}  // namespace klieg::personalize
