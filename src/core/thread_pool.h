/// The one pool of threads of the process.
///
///     core::ThreadPool pool(2);
///     pool.ParallelFor(tiles, [&](size_t tile, size_t worker) { ... });
///
/// Results must not depend on the worker: give each index its own output, and reduce afterwards in
/// a fixed order. Then the same seed gives the same bytes for any number of threads.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace klieg::core {

class ThreadPool {
 public:
  /// `threads` workers in all, the caller included; at least 1. 0 means one per processor.
  explicit ThreadPool(size_t threads = 0);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  size_t threads() const;

  /// Calls task(index, worker) once for every index in [0, count), in any order, from `threads()`
  /// threads; returns when all are done. worker < threads() names the scratch space a task may use.
  /// A call from within a task runs in that thread, with that task's worker number. Tasks must not
  /// throw. Calls from two threads outside the pool take turns.
  void ParallelFor(size_t count, const std::function<void(size_t index, size_t worker)>& task);

 private:
  struct Shared;
  std::unique_ptr<Shared> shared_;
};

/// Processors this process may run on.
size_t ProcessorCount();

}  // namespace klieg::core
