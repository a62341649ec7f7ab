/// Scores with factors of implicit alternating least squares. See ials.h for how they are made.
///
/// The member's factor is solved exactly from the history each time, whatever solver trained the
/// model:
///     x = (w V'V + λ_n I + Σ_{t in history} v_t v_t')^-1 Σ_{t in history} v_t,   score(t) = v_t ·
///     x
/// so a member of the training data is scored by the same formula as a new one. An empty history
/// scores zero everywhere. Values of the history are not used: a title was watched or not. Cost of
/// a history of n titles: the cheaper of n d² + d³ / 3 and n² d + n³ / 3 flops, then 2 T d for the
/// scores.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/matrix.h"
#include "learn/als_problem.h"
#include "learn/als_trainer.h"
#include "personalize/ranker.h"

namespace klieg::personalize {

class IalsRanker final : public Ranker {
 public:
  /// Settings are kept in single precision, the form in which they are stored.
  IalsRanker(learn::AlsColumns titles, const learn::AlsProblem& problem);
  /// kCorrupt when arrays are missing, do not fit together or hold numbers that are not finite.
  static core::Result<std::unique_ptr<Ranker>> Load(const std::string& prefix,
                                                    std::shared_ptr<const learn::TensorFile> file);

  std::string_view kind() const override { return "ials"; }
  uint32_t title_count() const override { return static_cast<uint32_t>(titles_.factors.rows()); }
  void Score(const learn::SparseMatrix& histories, size_t first, size_t count,
             core::MatrixView<float> scores) const override;
  /// Contribution of a watched title s: v_t' A^-1 v_s, A the matrix above; in double precision.
  Explanation Explain(std::span<const uint32_t> history, std::span<const float> values,
                      TitleIndex title) const override;
  void Save(const std::string& prefix, learn::TensorFileWriter& writer) const override;
  uint64_t bytes() const override;

 private:
  learn::AlsProblem Problem() const;

  learn::AlsColumns titles_;
  std::array<float, 3> settings_;  ///< λ, w, ν
  core::Matrix<float>
      panels_;  ///< The factors once more, in the order in which scoring reads them.
};

}  // namespace klieg::personalize
