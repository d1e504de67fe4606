#include "blocking_pool.hpp"

#include "assert.hpp"

#include <pthread.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace silk::scheduler {

blocking_pool::blocking_pool(blocking_options options) : options_(options) {
  if (options.max_threads == 0) {
    throw std::invalid_argument("blocking_pool: max_threads must be at least 1");
  }
}

submit_status blocking_pool::submit(withdrawable_job& item) {
  const lock hold(lock_);
  if (stopped_) return submit_status::stopped;
  if (on_their_way_ <= waiting_.size()) {  // keeps BP1: this job needs one more
    if (idle_ != nullptr) {
      call_one();
    } else if (threads_.size() < options_.max_threads) {
      start_one();  // keeps BP2: or throws
    }
  }
  waiting_.push_back(item);
  return submit_status::accepted;
}

bool blocking_pool::withdraw(withdrawable_job& item) noexcept {
  const lock hold(lock_);
  if (!item.queued) return false;
  waiting_.remove(item);
  return true;
}

void blocking_pool::stop() noexcept {
  const lock one_at_a_time(stop_lock_);
  lock hold(lock_);
  SILK_ASSERT(!is_own_thread(), "a job must not stop or destroy the blocking_pool that runs it");
  stopped_ = true;
  while (idle_ != nullptr) call_one();
  all_left_.wait(hold, [this] { return threads_.empty(); });
  sync::thread last = std::move(left_last_);
  hold.unlock();
  if (last.joinable()) last.join();
}

blocking_pool::counts blocking_pool::now() const noexcept {
  const lock hold(lock_);
  return {threads_.size(), idle_count_, waiting_.size()};
}

// Under lock_, else the thread might have gone on, and its condition variable with it. [lock_]
void blocking_pool::call_one() noexcept {
  idle_thread& called = *std::exchange(idle_, idle_->next);
  --idle_count_;
  ++on_their_way_;
  called.called = true;
  called.wake.notify_one();
}

// Throws when there is no thread at all, else the refused thread's job waits for another. [lock_]
void blocking_pool::start_one() {
  thread_list added;
  try {
    const auto self = added.emplace(added.end());
    *self = options_.start_thread("silk-blocking", [this, self] { serve(self); });
  } catch (...) {
    if (threads_.empty()) throw;
    return;
  }
  threads_.splice(threads_.end(), added);
  ++on_their_way_;
}

void blocking_pool::serve(thread_list::iterator self) noexcept {
  lock hold(lock_);
  --on_their_way_;
  run_jobs(hold);
  while (!stopped_ && be_idle(hold) == idle_end::called) run_jobs(hold);
  leave(self, hold);
}

void blocking_pool::run_jobs(lock& hold) noexcept {
  while (!waiting_.empty()) {
    job& item = waiting_.pop_front();
    hold.unlock();
    item.run(item);
    hold.lock();
  }
}

blocking_pool::idle_end blocking_pool::be_idle(lock& hold) noexcept {
  using std::chrono::steady_clock;
  // longer ones overflow when added to now
  constexpr std::chrono::nanoseconds longest = std::chrono::hours(24 * 365);
  const auto deadline = steady_clock::now() + std::min(options_.keep_alive, longest);
  idle_thread self;
  self.next = std::exchange(idle_, &self);
  ++idle_count_;
  if (self.wake.wait_until(hold, deadline, [&self] { return self.called; })) {
    --on_their_way_;
    return idle_end::called;
  }
  idle_thread** link = &idle_;
  while (*link != &self) link = &(*link)->next;
  *link = self.next;
  --idle_count_;
  return idle_end::timed_out;
}

// After the unlock this thread leaves the pool alone: stop returns once it has joined the last.
void blocking_pool::leave(thread_list::iterator self, lock& hold) noexcept {
  sync::thread before = std::exchange(left_last_, std::move(*self));
  threads_.erase(self);
  if (threads_.empty()) all_left_.notify_all();
  hold.unlock();
  if (before.joinable()) before.join();
}

bool blocking_pool::is_own_thread() const noexcept {  // [lock_]
  return std::any_of(threads_.begin(), threads_.end(), [](const sync::thread& each) {
    // native_handle is not const
    return ::pthread_equal(const_cast<sync::thread&>(each).native_handle(), ::pthread_self()) != 0;
  });
}

}  // namespace silk::scheduler
