#include "callback.hpp"

#include "../callback_handle.hpp"
#include "place.hpp"
#include "runtime_core.hpp"

#include <cstdio>

namespace silk::detail {

namespace {

std::string seconds(time_point when) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g s",
                std::chrono::duration<double>(when.time_since_epoch()).count());
  return text;
}

}  // namespace

void callback::start(runtime_core& runtime, std::uint64_t deadline) {
  runtime_ = &runtime;
  add_ref();
  if (deadline == engine::no_deadline) return runtime.pool().schedule(*this);
  timed_ = true;
  when_ = time_point(duration(static_cast<duration::rep>(deadline)));
  timer_.on_fire = this;
  timer_.deadline = deadline;
  runtime.pool().prepare_timer(timer_);
  try {
    static_cast<void>(runtime.pool().arm(timer_, engine::pool::then::runs_on));
  } catch (...) {
    release();
    throw;
  }
}

bool callback::cancel() noexcept {
  if (!claim(stage::cancelling)) return false;
  const bool in_wheel = timed_ && runtime_->pool().cancel(timer_) == engine::timer_cancel::removed;
  stage_.store(stage::cancelled, sync::memory_order_release);  // E:callback-claim out
  drop_function();
  if (in_wheel) release();  // the runtime's share; else its job finds us cancelled and lets go
  return true;
}

std::string callback::description() const {
  std::string text = name().empty() ? "callback" : "callback '" + std::string(name()) + "'";
  static constexpr const char* words[] = {" waiting", " called", " cancelled", " cancelled"};
  text += words[static_cast<std::size_t>(
      stage_.load(sync::memory_order_acquire))];  // E:callback-claim in
  if (timed_) text += ", due at " + seconds(when_);
  if (posted_at_.line() != 0) text += ", posted at " + text_of(posted_at_);
  return text;
}

void callback::run_callback(engine::job& self) noexcept {
  callback& here = static_cast<callback&>(self);
  const bool too_late = here.timed_ && here.runtime_->state() == life::closed;
  if (here.claim(too_late ? stage::cancelled : stage::running)) {
    const call_scope in(std::move(here.context_));
    std::exception_ptr error;
    try {
      if (!too_late) here.call();
    } catch (...) {
      error = std::current_exception();
    }
    if (error != nullptr) {
      callback_failed({.error = std::move(error),
                       .spawned_at = here.posted_at_,
                       .callback = callback_handle(core_ptr<callback>(&here))});
    }
    here.drop_function();
  }
  // E:callback-claim in: else the runtime might go while the canceller looks for our timer in it
  while (here.stage_.load(sync::memory_order_acquire) == stage::cancelling) sync::give_way();
  here.release();
}

}  // namespace silk::detail
