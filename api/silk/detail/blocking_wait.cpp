#include "blocking_wait.hpp"

#include <string>

namespace silk::detail {

namespace {

struct thread_waiter : waiter {
  thread_waiter() noexcept : waiter(completed_now) {}
  static engine::job* completed_now(waiter& self) noexcept {
    auto& here = static_cast<thread_waiter&>(self);
    // E:blocked out: the outcome. The waiter stays until we are past the future's lock.
    here.woken.store(1, sync::memory_order_release);
    sync::futex_wake(here.woken, 1);
    return nullptr;
  }
  sync::atomic<std::uint32_t> woken{0};
};

}  // namespace

void check_may_block(const char* verb) {
  if (engine::current_worker() == nullptr) return;
  throw usage_error(std::string(verb) +
                    " would block a worker and the tasks that wait for it: co_await instead");
}

void block_until_done(future_core& core) noexcept {
  thread_waiter waiting;
  if (!core.add_waiter(waiting)) return;
  // E:blocked in: the outcome
  while (waiting.woken.load(sync::memory_order_acquire) == 0) sync::futex_wait(waiting.woken, 0);
  core.remove_waiter(waiting);  // returns only when completion is past its use of the waiter
}

}  // namespace silk::detail
