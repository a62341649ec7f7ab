#include "learn/cholesky_solve.h"

#include "core/check.h"
#include "learn/blas.h"

extern "C" {
void dposv_(const char* uplo, const int* n, const int* nrhs, double* a, const int* lda, double* b,
            const int* ldb, int* info);
}

namespace klieg::learn {

bool SolveSpd(core::MatrixView<double> matrix, std::span<double> right) {
  KLIEG_CHECK(matrix.rows() == matrix.columns() && right.size() == matrix.rows(),
              "system of {} x {}, {}", matrix.rows(), matrix.columns(), right.size());
  if (right.empty()) return true;
  InitializeBlas();
  const int order = static_cast<int>(matrix.rows());
  const int stride = static_cast<int>(matrix.stride());
  const int columns = 1;
  int info = 0;
  // The lower triangle by rows is the upper triangle by columns, which is how LAPACK reads.
  dposv_("U", &order, &columns, matrix.data(), &stride, right.data(), &order, &info);
  return info == 0;
}

}  // namespace klieg::learn
