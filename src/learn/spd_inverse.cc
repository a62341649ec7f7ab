#include "learn/spd_inverse.h"

#include <cblas.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "core/check.h"
#include "learn/blas.h"

// LAPACK in OpenBLAS; lapacke.h would be one more package for two functions.
extern "C" {
void spotrf_(const char* uplo, const int* n, float* a, const int* lda, int* info);
void spotri_(const char* uplo, const int* n, float* a, const int* lda, int* info);
}

namespace klieg::learn {
namespace {

/// Blocks of columns that one task updates: wide products spend less on packing.
constexpr size_t kBlocksPerTask = 4;

/// Part of a row of blocks: block row `row`, block columns [first, last).
struct UpdateTask {
  size_t row;
  size_t first;
  size_t last;
};

/// What a sweep needs of the diagonal block A_kk = L L'; lower triangles.
struct Pivot {
  explicit Pivot(size_t block) : factor(block, block), inverse(block, block) {}
  core::Matrix<float> factor;   // L
  core::Matrix<float> inverse;  // A_kk^-1
};

class Sweep {
 public:
  Sweep(core::MatrixView<float> matrix, core::ThreadPool& pool)
      : a_(matrix),
        pool_(pool),
        n_(matrix.rows()),
        block_(SpdInverseBlock(n_)),
        block_count_((n_ + block_ - 1) / block_),
        panel_(n_, block_),
        pivot_(block_),
        next_pivot_(block_) {}

  core::Status Run(core::ProgressTask* progress) {
    FactorPivot(0, pivot_);
    for (size_t k = 0; k < block_count_; ++k) {
      KLIEG_TRY(CheckPivot());
      pool_.ParallelFor(block_count_, [&](size_t i, size_t) { SweepPanel(k, i); });
      UpdateTriangle(k);
      std::swap(pivot_, next_pivot_);
      if (progress != nullptr) progress->Advance(Size(k));
    }
    Negate();
    return {};
  }

 private:
  size_t Begin(size_t block) const { return block * block_; }
  size_t Size(size_t block) const { return std::min(block_, n_ - Begin(block)); }
  float* Block(size_t i, size_t j) const { return &a_(Begin(i), Begin(j)); }
  int Stride() const { return static_cast<int>(a_.stride()); }
  int PanelStride() const { return static_cast<int>(block_); }

  /// The Cholesky factor and the inverse of A_kk. Trouble is left in failed_row_ for CheckPivot, as
  /// this may run in a task.
  void FactorPivot(size_t k, Pivot& pivot) {
    const size_t size = Size(k);
    for (size_t r = 0; r < size; ++r)
      std::copy_n(&a_(Begin(k) + r, Begin(k)), r + 1, &pivot.factor(r, 0));
    // The lower triangle by rows is the upper triangle by columns, which is how LAPACK reads.
    const int order = static_cast<int>(size);
    const int stride = PanelStride();
    int info = 0;
    spotrf_("U", &order, pivot.factor.data(), &stride, &info);
    if (info != 0) {
      failed_row_ = Begin(k) + static_cast<size_t>(info) - 1;
      return;
    }
    for (size_t r = 0; r < size; ++r) {
      // LAPACK lets a NaN pass.
      if (!failed_row_ && !(pivot.factor(r, r) > 0 && std::isfinite(pivot.factor(r, r))))
        failed_row_ = Begin(k) + r;
      std::copy_n(&pivot.factor(r, 0), r + 1, &pivot.inverse(r, 0));
    }
    spotri_("U", &order, pivot.inverse.data(), &stride, &info);
  }

  core::Status CheckPivot() const {
    if (!failed_row_) return {};
    return core::Fail(
        core::ErrorCode::kInvalidArgument,
        "matrix of {} rows is not positive definite: the pivot of row {} is not a positive number; "
        "a larger lambda on the diagonal makes it so",
        n_, *failed_row_);
  }

  /// V_i = A_ik L'^-1 into the panel, V_i L^-1 in the place of A_ik, and -A_kk^-1 in that of A_kk.
  void SweepPanel(size_t k, size_t i) {
    if (i == k) {
      for (size_t r = 0; r < Size(k); ++r) {
        for (size_t c = 0; c <= r; ++c) a_(Begin(k) + r, Begin(k) + c) = -pivot_.inverse(r, c);
      }
    } else if (i > k) {
      SweepPanelBelow(k, i);
    } else {
      SweepPanelAbove(k, i);
    }
  }

  void SweepPanelBelow(size_t k, size_t i) {
    float* v = &panel_(Begin(i), 0);
    for (size_t r = 0; r < Size(i); ++r)
      std::copy_n(Block(i, k) + r * a_.stride(), Size(k), v + r * block_);
    SolveRight(CblasTrans, k, i, v, PanelStride());
    for (size_t r = 0; r < Size(i); ++r)
      std::copy_n(v + r * block_, Size(k), Block(i, k) + r * a_.stride());
    SolveRight(CblasNoTrans, k, i, Block(i, k), Stride());
  }

  /// Only the lower triangle is there: for i < k, A_ik lies transposed in A_ki.
  void SweepPanelAbove(size_t k, size_t i) {
    float* v = &panel_(Begin(i), 0);
    for (size_t c = 0; c < Size(k); ++c) {
      const float* source = Block(k, i) + c * a_.stride();
      for (size_t r = 0; r < Size(i); ++r) v[r * block_ + c] = source[r];
    }
    SolveRight(CblasTrans, k, i, v, PanelStride());
    for (size_t c = 0; c < Size(k); ++c) {
      float* target = Block(k, i) + c * a_.stride();
      for (size_t r = 0; r < Size(i); ++r) target[r] = v[r * block_ + c];
    }
    cblas_strsm(CblasRowMajor, CblasLeft, CblasLower, CblasTrans, CblasNonUnit,
                static_cast<int>(Size(k)), static_cast<int>(Size(i)), 1.0F, pivot_.factor.data(),
                PanelStride(), Block(k, i), Stride());
  }

  /// rows := rows · op(L)^-1 for the rows of block i.
  void SolveRight(CBLAS_TRANSPOSE op, size_t k, size_t i, float* rows, int stride) const {
    cblas_strsm(CblasRowMajor, CblasRight, CblasLower, op, CblasNonUnit, static_cast<int>(Size(i)),
                static_cast<int>(Size(k)), 1.0F, pivot_.factor.data(), PanelStride(), rows, stride);
  }

  /// A_ij -= V_i V_j' for j in [first, last).
  void UpdateBlocks(size_t k, const UpdateTask& task) {
    const size_t end = std::min(n_, Begin(task.last));
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, static_cast<int>(Size(task.row)),
                static_cast<int>(end - Begin(task.first)), static_cast<int>(Size(k)), -1.0F,
                &panel_(Begin(task.row), 0), PanelStride(), &panel_(Begin(task.first), 0),
                PanelStride(), 1.0F, Block(task.row, task.first), Stride());
  }

  /// Every block of the triangle outside row and column k. The first task prepares the next pivot,
  /// so that no thread waits for it afterwards.
  void UpdateTriangle(size_t k) {
    const bool has_next = k + 1 < block_count_;
    std::vector<UpdateTask> tasks;
    for (size_t row = block_count_; row-- > 0;) {
      if (row == k) continue;
      const size_t end = has_next && row == k + 1 ? row : row + 1;
      AppendTasks(row, 0, std::min(k, end), tasks);
      AppendTasks(row, k + 1, end, tasks);
    }
    pool_.ParallelFor(tasks.size() + (has_next ? 1 : 0), [&](size_t index, size_t) {
      if (has_next && index == 0) {
        UpdateBlocks(k, {k + 1, k + 1, k + 2});
        FactorPivot(k + 1, next_pivot_);
      } else {
        UpdateBlocks(k, tasks[index - (has_next ? 1 : 0)]);
      }
    });
  }

  static void AppendTasks(size_t row, size_t first, size_t last, std::vector<UpdateTask>& tasks) {
    for (; first < last; first += kBlocksPerTask) {
      tasks.push_back({row, first, std::min(last, first + kBlocksPerTask)});
    }
  }

  void Negate() {
    pool_.ParallelFor(block_count_, [&](size_t block, size_t) {
      for (size_t r = Begin(block); r < Begin(block) + Size(block); ++r) {
        for (size_t c = 0; c <= r; ++c) a_(r, c) = -a_(r, c);
      }
    });
  }

  core::MatrixView<float> a_;
  core::ThreadPool& pool_;
  size_t n_;
  size_t block_;
  size_t block_count_;
  core::Matrix<float> panel_;  // n × block, V
  Pivot pivot_;
  Pivot next_pivot_;
  std::optional<size_t> failed_row_;
};

}  // namespace

size_t SpdInverseBlock(size_t n) {
  if (n >= 8192) return 512;
  if (n >= 1536) return 256;
  return n >= 256 ? 128 : 64;
}

size_t SpdInverseScratchBytes(size_t n) {
  const size_t block = SpdInverseBlock(n);
  return (n + 4 * block) * block * sizeof(float);
}

core::Status InvertSpd(core::MatrixView<float> matrix, core::ThreadPool& pool,
                       core::ProgressTask* progress) {
  KLIEG_CHECK(matrix.rows() == matrix.columns(), "inverse of {} x {}", matrix.rows(),
              matrix.columns());
  if (matrix.rows() == 0) return {};
  InitializeBlas();
  return Sweep(matrix, pool).Run(progress);
}

}  // namespace klieg::learn
