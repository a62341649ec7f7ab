/// Peers of ials_bench and ials_quality_bench, written plainly after the manner of the public
/// implementations: what a good C++ or Cython programmer writes with a matrix library, one row at a
/// time.
#pragma once

#include <Eigen/Dense>
#include <cstdint>

#include "core/random.h"
#include "core/thread_pool.h"
#include "learn/als_problem.h"
#include "learn/sparse_matrix.h"

namespace klieg::bench {

using Factors = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

inline Factors RandomFactors(size_t rows, size_t dimensions, uint64_t seed) {
  core::Random random(seed);
  const double deviation = 0.1 / std::sqrt(static_cast<double>(dimensions));
  return Factors::NullaryExpr(static_cast<Eigen::Index>(rows),
                              static_cast<Eigen::Index>(dimensions),
                              [&] { return static_cast<float>(deviation * random.Normal()); });
}

/// Google-research's iALS in manner: rank updates of up to 128 gathered columns, LLT, solve; Eigen
/// throughout.
inline void EigenHalfEpoch(const learn::AlsProblem& problem, const learn::SparseMatrix& entries,
                           const Factors& fixed, Factors& solved, core::ThreadPool& pool) {
  constexpr Eigen::Index kBatch = 128;
  const Eigen::Index d = fixed.cols();
  const Eigen::MatrixXf gram =
      static_cast<float>(problem.unobserved_weight) * (fixed.transpose() * fixed);
  pool.ParallelFor(entries.row_count, [&](size_t row, size_t) {
    const std::span<const uint32_t> columns = entries.RowColumns(row);
    Eigen::MatrixXf system = gram;
    system.diagonal().array() +=
        static_cast<float>(problem.Regularization(columns.size(), entries.column_count));
    Eigen::VectorXf right = Eigen::VectorXf::Zero(d);
    Eigen::MatrixXf batch(
        d, std::min<Eigen::Index>(kBatch, static_cast<Eigen::Index>(columns.size())));
    Eigen::Index filled = 0;
    for (const uint32_t column : columns) {
      batch.col(filled) = fixed.row(column);
      right += batch.col(filled);
      if (++filled == batch.cols()) {
        system.selfadjointView<Eigen::Lower>().rankUpdate(batch);
        filled = 0;
      }
    }
    if (filled > 0) system.selfadjointView<Eigen::Lower>().rankUpdate(batch.leftCols(filled));
    const Eigen::LLT<Eigen::MatrixXf, Eigen::Lower> cholesky(system);
    solved.row(static_cast<Eigen::Index>(row)) = cholesky.solve(right);
  });
}

/// benfred/implicit's conjugate gradients in manner: warm start, no preconditioner, the Gram matrix
/// times a vector each step.
inline void PlainCgHalfEpoch(const learn::AlsProblem& problem, const learn::SparseMatrix& entries,
                             int steps, const Factors& fixed, Factors& solved,
                             core::ThreadPool& pool) {
  const Eigen::Index d = fixed.cols();
  const Eigen::MatrixXf gram =
      static_cast<float>(problem.unobserved_weight) * (fixed.transpose() * fixed);
  pool.ParallelFor(entries.row_count, [&](size_t row, size_t) {
    const std::span<const uint32_t> columns = entries.RowColumns(row);
    const auto weight =
        static_cast<float>(problem.Regularization(columns.size(), entries.column_count));
    Eigen::VectorXf x = solved.row(static_cast<Eigen::Index>(row));
    Eigen::VectorXf residual = -(gram * x) - weight * x;
    for (const uint32_t column : columns) {
      residual += (1 - fixed.row(column).dot(x)) * fixed.row(column).transpose();
    }
    Eigen::VectorXf direction = residual;
    Eigen::VectorXf image(d);
    float energy = residual.squaredNorm();
    for (int step = 0; step < steps && energy > 1e-20F; ++step) {
      image.noalias() = gram * direction;
      image += weight * direction;
      for (const uint32_t column : columns) {
        image += fixed.row(column).dot(direction) * fixed.row(column).transpose();
      }
      const float length = energy / direction.dot(image);
      x += length * direction;
      residual -= length * image;
      const float next = residual.squaredNorm();
      direction = residual + (next / energy) * direction;
      energy = next;
    }
    solved.row(static_cast<Eigen::Index>(row)) = x;
  });
}

}  // namespace klieg::bench
