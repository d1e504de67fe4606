#include "future_core.hpp"

#include "runtime_core.hpp"

namespace silk::detail {

bool future_core::add_waiter(waiter& w) noexcept {
  sync::lock_guard hold(lock_);
  if (done() || w.stage == waiter_stage::withdrawn) {
    w.stage = w.holders == 0 ? waiter_stage::told : waiter_stage::kept;
    return w.holders != 0;
  }
  w.stage = waiter_stage::linked;
  w.previous = last_;
  w.next = nullptr;
  (last_ != nullptr ? last_->next : first_) = &w;
  last_ = &w;
  return true;
}

removal future_core::remove_waiter(waiter& w) noexcept {
  sync::lock_guard hold(lock_);
  switch (w.stage) {
    case waiter_stage::fresh:
    case waiter_stage::withdrawn:
      w.stage = waiter_stage::withdrawn;
      return removal::before_added;
    case waiter_stage::kept:
      return removal::held;
    case waiter_stage::told:
      return removal::too_late;
    case waiter_stage::linked:
      break;
  }
  unlink(w);
  w.stage = w.holders == 0 ? waiter_stage::fresh : waiter_stage::kept;
  return w.holders == 0 ? removal::unlinked : removal::held;
}

void future_core::unlink(waiter& w) noexcept {
  (w.previous != nullptr ? w.previous->next : first_) = w.next;
  (w.next != nullptr ? w.next->previous : last_) = w.previous;
}

bool future_core::hold_waiter(waiter& w) noexcept {
  sync::lock_guard hold(lock_);
  if (w.stage == waiter_stage::told) return false;
  ++w.holders;
  return true;
}

void future_core::let_go(waiter& w) noexcept {
  engine::pool* home = nullptr;
  engine::job* woken = nullptr;
  {
    sync::lock_guard hold(lock_);
    if (--w.holders != 0 || w.stage != waiter_stage::kept) return;
    home = w.pool;  // not earlier: it is set before the waiter is added
    w.stage = waiter_stage::told;
    woken = w.completed(w);
  }
  if (woken != nullptr) home->schedule(*woken);
}

void future_core::give_up(waiter& w) noexcept {
  engine::pool* home = nullptr;
  engine::job* woken = nullptr;
  {
    sync::lock_guard hold(lock_);
    if (w.stage == waiter_stage::fresh) w.stage = waiter_stage::withdrawn;
    if (w.stage != waiter_stage::linked) return;
    home = w.pool;  // not earlier: it is set before the waiter is added
    unlink(w);
    w.stage = w.holders == 0 ? waiter_stage::told : waiter_stage::kept;
    if (w.holders == 0) woken = w.completed(w);
  }
  if (woken != nullptr) home->schedule(*woken);
}

void future_core::complete(outcome reached, after_completion then) noexcept {
  wake_list woken;
  bool calls_back = false;
  {
    sync::lock_guard hold(lock_);
    // E:future-done out: the result
    state_.store(static_cast<std::uint8_t>(reached), sync::memory_order_release);
    while (first_ != nullptr) {
      waiter& w = *first_;
      first_ = w.next;
      if (first_ != nullptr) first_->previous = nullptr;
      w.stage = w.holders == 0 ? waiter_stage::told : waiter_stage::kept;
      if (w.holders != 0) continue;
      engine::pool* home = w.pool;
      // After the call `w` may be gone.
      if (engine::job* job = w.completed(w)) woken.add(*home, *job);
    }
    last_ = nullptr;
    calls_back = callbacks_ != nullptr && callbacks_->begin();
  }
  if (calls_back) callbacks_->schedule();
  woken.run(then);
}

std::uint64_t future_core::add_callback(std::unique_ptr<done_callbacks::entry> fresh,
                                        std::uint32_t runtime_serial) {
  auto first = std::make_unique<done_callbacks>(*this);
  std::uint64_t id = 0;
  bool calls_back = false;
  {
    sync::lock_guard hold(lock_);
    if (callbacks_ == nullptr) callbacks_ = std::move(first);
    id = callbacks_->add(std::move(fresh), runtime_serial);
    calls_back = done() && callbacks_->begin();
  }
  if (calls_back) callbacks_->schedule();
  return id;
}

bool future_core::remove_callback(std::uint64_t id) noexcept {
  std::unique_ptr<done_callbacks::entry> removed;  // destroyed after the unlock
  sync::lock_guard hold(lock_);
  if (callbacks_ != nullptr) removed = callbacks_->remove(id);
  return removed != nullptr;
}

std::size_t future_core::waiters() const noexcept {
  sync::lock_guard hold(lock_);
  std::size_t count = callbacks_ != nullptr ? callbacks_->size() : 0;
  for (const waiter* each = first_; each != nullptr; each = each->next) ++count;
  return count;
}

std::source_location future_core::created_at() const noexcept {
  sync::lock_guard hold(lock_);
  return callbacks_ != nullptr ? callbacks_->future_made_at() : std::source_location{};
}

void future_core::note_creation(std::source_location where) {
  callbacks_ = std::make_unique<done_callbacks>(*this);
  callbacks_->note_creation(where);
}

void report_unseen(const std::exception_ptr& error) noexcept {
  const runtime_core* here = current_runtime();
  report_failure(here != nullptr ? here->serial() : no_runtime, {.error = error});
}

}  // namespace silk::detail
