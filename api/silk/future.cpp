#include "future.hpp"

#include "detail/runtime_core.hpp"
#include "detail/task_node.hpp"
#include "promise.hpp"

#include <new>

namespace silk::detail {

bool future_wait::suspend(promise_base& waiting) noexcept {
  if (&waiting.context->root().core() == &core_) return false;  // no cancel could end that
  waiting_ = &waiting;
  waiter::pool = &engine::current_worker()->owner();
  waiting.make_resumable();
  bool cancel_was_pending = false;
  while (!begin_wait(*waiting.context, *this)) cancel_was_pending = true;
  if (cancel_was_pending) pass_pending_on(core_, *this, *waiting.context);
  return core_.add_waiter(*this);
}

void future_wait::throw_end(bool cancel_due, std::source_location where) {
  if (waiting_ == nullptr && !core_.done())
    throw usage_error("a task cannot await itself: it would wait for ever");
  if (cancel_due || !core_.done()) throw_cancelled(*waiting_->context, where);
  rethrow_at(core_.error(), where);
}

cancel_answer future_wait::pass_cancel_on(wait& self, cancel_requests& requests) noexcept {
  auto& here = static_cast<future_wait&>(self);
  return pass_on(here.core_, here, *here.waiting_->context, requests);
}

engine::job* future_wait::wake_waiting(waiter& self) noexcept {
  return static_cast<future_wait&>(self).waiting_;
}

void note_promise(future_core& fresh, std::source_location where) noexcept {
  try {
    if (debugs_here()) fresh.note_creation(where);
  } catch (const std::bad_alloc&) {
    return;  // it is not recorded then
  }
}

std::uint32_t callback_runtime(const future_core& of) {
  const runtime_core* here = current_runtime();
  const std::uint32_t serial = here != nullptr ? here->serial() : of.home_serial();
  if (serial != no_runtime) return serial;
  throw usage_error(
      "add_done_callback on a thread that runs no tasks needs the future of a task: "
      "nobody would call");
}

reason_ptr make_reason(std::string text) {
  return text.empty() ? nullptr : std::make_shared<const std::string>(std::move(text));
}

bool cancel_now(future_core& core, reason_ptr reason) noexcept {
  cancel_requests requests(std::move(reason));
  const bool accepted = requests.ask_first(core);
  requests.run();
  return accepted;
}

}  // namespace silk::detail
