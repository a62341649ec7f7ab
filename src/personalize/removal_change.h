/// What a removal makes of the inverse behind a closed-form model: who goes, and the terms of low
/// rank that turn the old inverse into the new one (removal_closed_form.h has the formulas and the
/// letters).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/matrix.h"
#include "core/thread_pool.h"
#include "learn/sparse_matrix.h"
#include "personalize/closed_form_error.h"
#include "personalize/closed_form_item_model.h"
#include "personalize/dense_item_ranker.h"
#include "personalize/removal.h"

namespace klieg::personalize {

/// Why a down-date cannot be done, for people; nothing when it can.
using Refusal = std::optional<std::string>;

/// The members that are taken out.
struct Members {
  learn::SparseMatrix histories;  // over the old catalogue, without removed titles, no empty rows
  std::vector<double> weights;    // n_u^-2a
  std::vector<uint32_t> titles;   // H, ascending
};

/// The trained inverse Q, in the old catalogue.
struct OldInverse {
  core::MatrixView<const float> weights;  // B
  std::vector<TitleTerms> terms;
  InverseDiagonal inverse;

  double At(size_t row, size_t column) const {
    return row == column ? inverse.diagonal[row] : weights(row, column) / inverse.factor[column];
  }
};

/// Q' - Q = left · right', in the old catalogue, and what it makes of the errors.
struct Change {
  core::Matrix<double> left;   // T × r
  core::Matrix<double> right;  // T × r
  std::vector<double> errors;  // [T] ε
};

/// Everything about what remains, in the new catalogue.
struct NewInverse {
  std::vector<uint32_t> kept;  // indices in the old catalogue
  std::vector<TitleTerms> terms;
  InverseDiagonal inverse;
  std::vector<double> errors;  // ε
  double backward_error = 0;   // θ
};

/// Who is to be taken out of a model over the old catalogue, of which `kept` stay: nobody, when what
/// remains is already all that the model knows. kInvalidArgument when it was trained on other data.
core::Result<Members> FindMembers(const RemovalData& data, const ClosedFormOptions& options,
                                  const InverseRecord& record, const std::vector<uint32_t>& kept);

/// Q before, from a model with a record; of `after`, kept and terms are read.
OldInverse MakeOldInverse(const ClosedFormOptions& options, const DenseItemRanker& model,
                          const Members& members, const NewInverse& after);

/// Adds to `change`, whose errors are those of the old inverse, the terms of low rank that turn Q into
/// Q', titles first. Same bytes for any number of threads.
Refusal FindChange(const OldInverse& old, const NewInverse& after, const Members& members,
                   const std::vector<uint32_t>& removed_titles, core::ThreadPool& pool,
                   Change& change);

}  // namespace klieg::personalize
