/// How Klieg uses BLAS: always single-threaded calls from its own pool, so that sums do not depend
/// on threads.
#pragma once

#include <string>

namespace klieg::learn {

/// Sets OpenBLAS to one thread a call. Cheap and idempotent; every file of this module that calls
/// BLAS calls it first.
void InitializeBlas();

/// "OpenBLAS 0.3.21 Cooperlake": recorded with runs.
std::string BlasDescription();

}  // namespace klieg::learn
