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
void strtri_(const char* uplo, const char* diag, const int* n, float* a, const int* lda, int* info);
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

/// Columns that a triangular solve takes at once. OpenBLAS's own solve runs at a third of the speed
/// of its product for such sizes; products with the inverses of these small triangles run at nearly
/// the full speed, and are as accurate, because triangles this small are well conditioned (the
/// practice of MAGMA).
constexpr size_t kSolveWidth = 64;

/// What a sweep needs of the diagonal block A_kk = L L'; lower triangles.
struct Pivot {
  explicit Pivot(size_t block)
      : factor(block, block), inverse(block, block), corners(block, kSolveWidth) {}
  core::Matrix<float> factor;   // L
  core::Matrix<float> inverse;  // A_kk^-1
  core::Matrix<float>
      corners;  // inverses of L's diagonal squares of kSolveWidth, one below the other, zeros above
};

/// Scratch space of one thread.
struct SolveSpace {
  explicit SolveSpace(size_t block) : solved(block, block), part(block, kSolveWidth) {}
  core::Matrix<float> solved;  // rows × block
  core::Matrix<float> part;    // rows × kSolveWidth
};

void Multiply(CBLAS_TRANSPOSE transpose_b, size_t rows, size_t columns, size_t inner, float alpha,
              const float* a, size_t stride_a, const float* b, size_t stride_b, float beta,
              float* c, size_t stride_c) {
  if (inner == 0) return;
  cblas_sgemm(CblasRowMajor, CblasNoTrans, transpose_b, static_cast<int>(rows),
              static_cast<int>(columns), static_cast<int>(inner), alpha, a,
              static_cast<int>(stride_a), b, static_cast<int>(stride_b), beta, c,
              static_cast<int>(stride_c));
}

void Transpose(size_t rows, size_t columns, const float* source, size_t source_stride,
               float* target, size_t target_stride) {
  constexpr size_t kSide = 16;  // A cache line in either direction.
  for (size_t r0 = 0; r0 < rows; r0 += kSide) {
    for (size_t c0 = 0; c0 < columns; c0 += kSide) {
      for (size_t r = r0; r < std::min(rows, r0 + kSide); ++r) {
        for (size_t c = c0; c < std::min(columns, c0 + kSide); ++c) {
          target[c * target_stride + r] = source[r * source_stride + c];
        }
      }
    }
  }
}

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
        next_pivot_(block_) {
    for (size_t worker = 0; worker < pool.threads(); ++worker) spaces_.emplace_back(block_);
  }

  core::Status Run(core::ProgressTask* progress) {
    FactorPivot(0, pivot_);
    for (size_t k = 0; k < block_count_; ++k) {
      KLIEG_TRY(CheckPivot());
      pool_.ParallelFor(block_count_,
                        [&](size_t i, size_t worker) { SweepPanel(k, i, spaces_[worker]); });
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

  /// The Cholesky factor and the inverse of A_kk. Trouble is left in failed_row_ for CheckPivot, as
  /// this may run in a task.
  void FactorPivot(size_t k, Pivot& pivot) {
    const size_t size = Size(k);
    for (size_t r = 0; r < size; ++r)
      std::copy_n(&a_(Begin(k) + r, Begin(k)), r + 1, &pivot.factor(r, 0));
    // The lower triangle by rows is the upper triangle by columns, which is how LAPACK reads.
    const int order = static_cast<int>(size);
    const int stride = static_cast<int>(block_);
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
    InvertCorners(size, pivot);
  }

  static void InvertCorners(size_t size, Pivot& pivot) {
    for (size_t c = 0; c < size; c += kSolveWidth) {
      const size_t width = std::min(kSolveWidth, size - c);
      for (size_t r = 0; r < width; ++r) {
        std::fill_n(&pivot.corners(c + r, 0), kSolveWidth, 0.0F);
        std::copy_n(&pivot.factor(c + r, c), r + 1, &pivot.corners(c + r, 0));
      }
      const int order = static_cast<int>(width);
      const int stride = static_cast<int>(kSolveWidth);
      int info = 0;
      strtri_("U", "N", &order, &pivot.corners(c, 0), &stride, &info);
    }
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
  void SweepPanel(size_t k, size_t i, SolveSpace& space) {
    if (i == k) {
      for (size_t r = 0; r < Size(k); ++r) {
        for (size_t c = 0; c <= r; ++c) a_(Begin(k) + r, Begin(k) + c) = -pivot_.inverse(r, c);
      }
      return;
    }
    float* v = &panel_(Begin(i), 0);
    float* u = space.solved.data();
    // Only the lower triangle is there: for i < k, A_ik lies transposed in A_ki.
    if (i > k) {
      CopyRows(Size(i), Size(k), Block(i, k), a_.stride(), v, block_);
    } else {
      Transpose(Size(k), Size(i), Block(k, i), a_.stride(), v, block_);
    }
    SolveForward(Size(i), Size(k), v, space);
    CopyRows(Size(i), Size(k), v, block_, u, block_);
    SolveBackward(Size(i), Size(k), u, space);
    if (i > k) {
      CopyRows(Size(i), Size(k), u, block_, Block(i, k), a_.stride());
    } else {
      Transpose(Size(i), Size(k), u, block_, Block(k, i), a_.stride());
    }
  }

  static void CopyRows(size_t rows, size_t columns, const float* source, size_t source_stride,
                       float* target, size_t target_stride) {
    for (size_t r = 0; r < rows; ++r)
      std::copy_n(source + r * source_stride, columns, target + r * target_stride);
  }

  /// v := v L'^-1 for rows of `size` columns, left to right.
  void SolveForward(size_t rows, size_t size, float* v, SolveSpace& space) const {
    for (size_t c = 0; c < size; c += kSolveWidth) {
      const size_t width = std::min(kSolveWidth, size - c);
      Multiply(CblasTrans, rows, width, c, -1, v, block_, &pivot_.factor(c, 0), block_, 1, v + c,
               block_);
      CopyRows(rows, width, v + c, block_, space.part.data(), kSolveWidth);
      Multiply(CblasTrans, rows, width, width, 1, space.part.data(), kSolveWidth,
               &pivot_.corners(c, 0), kSolveWidth, 0, v + c, block_);
    }
  }

  /// u := u L^-1, right to left.
  void SolveBackward(size_t rows, size_t size, float* u, SolveSpace& space) const {
    for (size_t end = size; end > 0;) {
      const size_t c = (end - 1) / kSolveWidth * kSolveWidth;
      const size_t width = end - c;
      if (end < size) {
        Multiply(CblasNoTrans, rows, width, size - end, -1, u + end, block_, &pivot_.factor(end, c),
                 block_, 1, u + c, block_);
      }
      CopyRows(rows, width, u + c, block_, space.part.data(), kSolveWidth);
      Multiply(CblasNoTrans, rows, width, width, 1, space.part.data(), kSolveWidth,
               &pivot_.corners(c, 0), kSolveWidth, 0, u + c, block_);
      end = c;
    }
  }

  /// A_ij -= V_i V_j' for j in [first, last); of a diagonal block only the lower triangle.
  void UpdateBlocks(size_t k, const UpdateTask& task) {
    const float* v = &panel_(Begin(task.row), 0);
    const size_t rectangle_end = std::min(task.last, task.row);
    if (task.first < rectangle_end) {
      Multiply(CblasTrans, Size(task.row), Begin(rectangle_end) - Begin(task.first), Size(k), -1, v,
               block_, &panel_(Begin(task.first), 0), block_, 1, Block(task.row, task.first),
               a_.stride());
    }
    if (task.last > task.row) {
      cblas_ssyrk(CblasRowMajor, CblasLower, CblasNoTrans, static_cast<int>(Size(task.row)),
                  static_cast<int>(Size(k)), -1, v, static_cast<int>(block_), 1,
                  Block(task.row, task.row), static_cast<int>(a_.stride()));
    }
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
  std::vector<SolveSpace> spaces_;  // one a thread
  std::optional<size_t> failed_row_;
};

}  // namespace

size_t SpdInverseBlock(size_t n) {
  if (n >= 8192) return 512;
  if (n >= 1536) return 256;
  return n >= 256 ? 128 : 64;
}

size_t SpdInverseScratchBytes(size_t n, size_t threads) {
  const size_t block = SpdInverseBlock(n);
  return (n + (4 + threads) * block + (2 + threads) * kSolveWidth) * block * sizeof(float);
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
