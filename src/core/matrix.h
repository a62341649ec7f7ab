/// Dense row-major matrices: a view that owns nothing and an owner aligned for wide vectors.
///
///     core::Matrix<float> scores(members, titles);       // zeroed
///     Score(scores.view());                              // MatrixView<float>
///     scores(u, j)                                        // element of row u, column j
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>

#include "core/check.h"

namespace klieg::core {

/// rows × columns elements; element (r, c) is data[r · stride + c].
template <class T>
class MatrixView {
 public:
  MatrixView() = default;
  MatrixView(T* data, size_t rows, size_t columns, size_t stride)
      : data_(data), rows_(rows), columns_(columns), stride_(stride) {}
  MatrixView(T* data, size_t rows, size_t columns) : MatrixView(data, rows, columns, columns) {}
  /// A view of constants from a view of variables.
  operator MatrixView<const T>() const { return {data_, rows_, columns_, stride_}; }  // NOLINT

  T& operator()(size_t row, size_t column) const { return data_[row * stride_ + column]; }
  std::span<T> Row(size_t row) const { return {data_ + row * stride_, columns_}; }
  MatrixView Rows(size_t first, size_t count) const {
    return {data_ + first * stride_, count, columns_, stride_};
  }
  T* data() const { return data_; }
  size_t rows() const { return rows_; }
  size_t columns() const { return columns_; }
  size_t stride() const { return stride_; }

 private:
  T* data_ = nullptr;
  size_t rows_ = 0;
  size_t columns_ = 0;
  size_t stride_ = 0;
};

/// Owns rows × columns elements of a trivial type, zeroed, on a 64-byte boundary. Move-only.
/// Memory comes from the system in zeroed pages, so that a large matrix costs nothing until it is
/// touched.
template <class T>
class Matrix {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Matrix() = default;
  Matrix(size_t rows, size_t columns) : rows_(rows), columns_(columns) {
    const size_t bytes = ((rows * columns * sizeof(T)) + 63) / 64 * 64;
    if (bytes == 0) return;
    // calloc gives untouched zero pages; the 64 bytes more pay for the alignment.
    base_.reset(std::calloc(bytes + 64, 1));
    KLIEG_CHECK(base_ != nullptr, "out of memory for {} x {} elements", rows, columns);
    const auto address = reinterpret_cast<uintptr_t>(base_.get());
    data_ = reinterpret_cast<T*>((address + 63) / 64 * 64);
  }
  Matrix(Matrix&& other) noexcept { *this = std::move(other); }
  Matrix& operator=(Matrix&& other) noexcept {
    base_ = std::move(other.base_);
    data_ = std::exchange(other.data_, nullptr);
    rows_ = std::exchange(other.rows_, 0);
    columns_ = std::exchange(other.columns_, 0);
    return *this;
  }
  Matrix Clone() const {
    Matrix copy(rows_, columns_);
    if (data_ != nullptr) std::memcpy(copy.data_, data_, rows_ * columns_ * sizeof(T));
    return copy;
  }

  MatrixView<T> view() { return {data_, rows_, columns_}; }
  MatrixView<const T> view() const { return {data_, rows_, columns_}; }
  T& operator()(size_t row, size_t column) { return data_[row * columns_ + column]; }
  const T& operator()(size_t row, size_t column) const { return data_[row * columns_ + column]; }
  std::span<T> Row(size_t row) & { return {data_ + row * columns_, columns_}; }
  std::span<const T> Row(size_t row) const& { return {data_ + row * columns_, columns_}; }
  /// A row of a matrix that is about to go would point nowhere.
  std::span<const T> Row(size_t row) && = delete;
  T* data() { return data_; }
  const T* data() const { return data_; }
  size_t rows() const { return rows_; }
  size_t columns() const { return columns_; }

 private:
  struct Free {
    void operator()(void* pointer) const { std::free(pointer); }
  };
  std::unique_ptr<void, Free> base_;
  T* data_ = nullptr;
  size_t rows_ = 0;
  size_t columns_ = 0;
};

}  // namespace klieg::core
