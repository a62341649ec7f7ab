/// A ranker scores titles for a member, given nothing but that member's history. Rankers are
/// immutable and thread-safe.
///
/// Training and use live apart: learner.h makes rankers, this header uses them. Because a score is
/// a function of a history, a member who joined after training is served exactly like one who was
/// there (fold-in), and what is evaluated is what is served.
///
/// Letters: T titles, H titles in a history.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/matrix.h"
#include "learn/sparse_matrix.h"
#include "learn/tensor_file.h"
#include "personalize/interactions.h"

namespace klieg::personalize {

/// One title of the history and what it added to a score.
struct Contribution {
  TitleIndex title;
  double amount = 0;
};

/// score = base + Σ contributions, exactly up to rounding of the sum.
struct Explanation {
  double score = 0;
  double base = 0;                          ///< What does not depend on the history (popularity).
  std::vector<Contribution> contributions;  ///< One per title of the history, in its order.
};

class Ranker {
 public:
  virtual ~Ranker() = default;

  /// Name of the learner that made it: "ease".
  virtual std::string_view kind() const = 0;
  virtual uint32_t title_count() const = 0;

  /// scores(i, t) for i in [0, count): the score of title t for the history in row first + i of
  /// `histories` (rows × T). Titles of the history are scored like all others; leaving them out is
  /// the caller's decision. An empty history gets scores too (all equal where the ranker knows
  /// nothing else). Runs in the calling thread. Scores are finite. The result for a row does not
  /// depend on which rows it was scored with.
  virtual void Score(const learn::SparseMatrix& histories, size_t first, size_t count,
                     core::MatrixView<float> scores) const = 0;

  /// Why `title` got its score for this history (strictly increasing titles; values empty: all 1).
  virtual Explanation Explain(std::span<const uint32_t> history, std::span<const float> values,
                              TitleIndex title) const = 0;

  /// Adds its arrays, names prefixed with `prefix`, to a file; views must stay valid while the
  /// ranker lives.
  virtual void Save(const std::string& prefix, learn::TensorFileWriter& writer) const = 0;

  /// Bytes its arrays take.
  virtual uint64_t bytes() const = 0;
};

}  // namespace klieg::personalize
