/// Solves a small symmetric positive definite system in double precision.
#pragma once

#include <span>

#include "core/matrix.h"

namespace klieg::learn {

/// Replaces `right` (n) by A^-1 right, where `matrix` (n × n, any stride) holds the lower triangle
/// of A and is used up. Returns false, and leaves `right` unspecified, when A is not positive
/// definite. Single-threaded; n³/3 operations.
bool SolveSpd(core::MatrixView<double> matrix, std::span<double> right);

}  // namespace klieg::learn
