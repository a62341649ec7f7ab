#include "core/thread_pool.h"

#include <sched.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace klieg::core {
namespace {

/// Worker number of the task that this thread is inside of, or -1.
thread_local ptrdiff_t current_worker = -1;

}  // namespace

size_t ProcessorCount() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) == 0) {
    const int count = CPU_COUNT(&set);
    if (count > 0) return static_cast<size_t>(count);
  }
  const unsigned int count = std::thread::hardware_concurrency();
  return count > 0 ? count : 1;
}

struct ThreadPool::Shared {
  std::mutex caller;  // One ParallelFor at a time.
  std::mutex mutex;
  std::condition_variable wake;
  std::condition_variable done;
  const std::function<void(size_t, size_t)>* task = nullptr;
  size_t count = 0;
  std::atomic<size_t> next{0};
  size_t generation = 0;
  size_t running = 0;
  bool stopping = false;
  std::vector<std::thread> workers;

  void Drain(size_t worker) {
    current_worker = static_cast<ptrdiff_t>(worker);
    for (size_t index = next.fetch_add(1); index < count; index = next.fetch_add(1))
      (*task)(index, worker);
    current_worker = -1;
  }

  void Work(size_t worker) {
    size_t seen = 0;
    while (true) {
      {
        std::unique_lock lock(mutex);
        wake.wait(lock, [&] { return stopping || generation != seen; });
        if (stopping) return;
        seen = generation;
      }
      Drain(worker);
      const std::lock_guard lock(mutex);
      if (--running == 0) done.notify_one();
    }
  }
};

ThreadPool::ThreadPool(size_t threads) : shared_(std::make_unique<Shared>()) {
  if (threads == 0) threads = ProcessorCount();
  for (size_t worker = 1; worker < threads; ++worker) {
    shared_->workers.emplace_back([this, worker] { shared_->Work(worker); });
  }
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->stopping = true;
  }
  shared_->wake.notify_all();
  for (std::thread& worker : shared_->workers) worker.join();
}

size_t ThreadPool::threads() const { return shared_->workers.size() + 1; }

void ThreadPool::ParallelFor(size_t count, const std::function<void(size_t, size_t)>& task) {
  if (count == 0) return;
  if (current_worker >= 0) {
    for (size_t index = 0; index < count; ++index) task(index, static_cast<size_t>(current_worker));
    return;
  }
  const std::lock_guard turn(shared_->caller);
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->task = &task;
    shared_->count = count;
    shared_->next = 0;
    shared_->running = shared_->workers.size();
    ++shared_->generation;
  }
  shared_->wake.notify_all();
  shared_->Drain(0);
  std::unique_lock lock(shared_->mutex);
  shared_->done.wait(lock, [&] { return shared_->running == 0; });
}

}  // namespace klieg::core
