#include "run_call.hpp"

#include "own_reasons.hpp"
#include "runtime_core.hpp"

#include <string>

namespace silk::detail {

void check_may_block(const char* verb) {
  if (engine::current_worker() == nullptr) return;
  throw usage_error(std::string(verb) +
                    " would block a worker and the tasks that wait for it: co_await instead");
}

run_call::run_call(runtime_core& runtime, sigint interrupts)
    : waiter(completed_now), runtime_(runtime), lends_time_(blocking_for() == &runtime) {
  if (runtime.drives()) seat_.emplace(runtime, "block_on");
  if (interrupts == sigint::cancels_main) guard_.emplace(*this);
  runtime_.enter(*this);
}

run_call::~run_call() {
  // Only if nothing could be spawned to wait for; else wait_for has left.
  if (const std::exception_ptr fatal = runtime_.leave(*this))
    report_failure(runtime_.serial(), {.error = fatal});
}

void run_call::tell(std::uint32_t bit) noexcept {
  bits_.fetch_or(bit, sync::memory_order_release);  // E:run-call out
  sync::futex_wake(bits_, 1);
  if (runtime_.pool().is_driven()) runtime_.pool().look_at_goal();
}

bool run_call::reached() noexcept { return told() != 0 || runtime_.is_to_stop(); }

engine::job* run_call::completed_now(waiter& self) noexcept {
  // Under the future's lock: we stay until it is let go.
  auto& call = static_cast<run_call&>(self);
  if (call.lends_time_) call.runtime_.pool().hold_time();
  call.tell(is_done);
  return nullptr;
}

void run_call::raise(const std::exception_ptr& error) noexcept {
  if (fatal_ == nullptr) fatal_ = error;
  tell(is_raised);
}

void run_call::wait_for_end(future_core& awaited) noexcept {
  for (;;) {
    const std::uint32_t bits = told();
    if ((bits & (is_done | is_raised)) != 0) return;
    if ((bits & is_interrupted) != 0) {
      // relaxed: nothing comes with it
      bits_.fetch_and(~is_interrupted, sync::memory_order_relaxed);
      if (cancel_now(awaited, own_reasons::get().interrupted)) has_cancelled_ = true;
    } else if (seat_) {
      runtime_.pool().drive(*this, engine::no_deadline);
      if (runtime_.take_stop() && told() == 0) return;
    } else {
      engine::settle_frames();
      sync::futex_wait(bits_, bits);
    }
  }
}

void run_call::wait_for(future_core& awaited) {
  if (awaited.add_waiter(*this)) {
    if (lends_time_) runtime_.pool().release_time();
    wait_for_end(awaited);
    awaited.remove_waiter(*this);  // returns only when completion is past its use of us
    if (lends_time_ && (told() & is_done) == 0) runtime_.pool().hold_time();
  }
  if (const std::exception_ptr fatal = runtime_.leave(*this)) std::rethrow_exception(fatal);
  if (!awaited.done()) {
    throw usage_error(
        "the runtime was stopped before what is awaited was done: it stays pending, "
        "and another block_on of its handle goes on with it");
  }
  if (has_cancelled_ && is_cancelled(awaited.state())) throw interrupted();
}

}  // namespace silk::detail
