/// The objective of implicit alternating least squares, as it is measured and as it is minimised.
///
///     Σ_{(r,c) observed} (1 - u_r · v_c)²  +  w Σ_{all (r,c)} (u_r · v_c)²
///         +  Σ_r λ (n_r + w C)^ν |u_r|²  +  Σ_c λ (n_c + w R)^ν |v_c|²
///
/// R rows (members) and C columns (titles), n the observed entries of a row or column. Rendle,
/// Krichene, Zhang, Koren, "Revisiting the Performance of iALS on Item Recommendation Benchmarks",
/// RecSys 2022, equations 3 to 6: ν = 0 is the usual regularisation, ν = 1 the frequency-scaled
/// one. The values of the entries are not used: an entry is seen or not.
#pragma once

#include <cstddef>

#include "core/matrix.h"
#include "core/thread_pool.h"
#include "learn/sparse_matrix.h"

namespace klieg::learn {

struct AlsProblem {
  double unobserved_weight = 0.1;        ///< w > 0
  double lambda = 0.003;                 ///< λ > 0
  double regularization_exponent = 1.0;  ///< ν

  /// λ (entries + w choices)^ν for a row of `entries` among `choices` columns.
  double Regularization(size_t entries, size_t choices) const;
};

/// The objective in double precision, all four terms from their definition. O(N d + (R + C) d²).
/// `row_factors` R × d, `column_factors` C × d. The same for any number of threads.
double AlsObjective(const AlsProblem& problem, const SparseMatrix& entries,
                    core::MatrixView<const float> row_factors,
                    core::MatrixView<const float> column_factors, core::ThreadPool& pool);

}  // namespace klieg::learn
