#include "wait_list.hpp"

namespace silk::detail {

bool wait_home::take(turn_wait& w) noexcept {
  w.refused_ = w.stage_ == turn_wait::stage::removed;
  if (w.refused_) return false;
  w.stage_ = turn_wait::stage::granted;  // else a cancel that comes now would take it for waiting
  return true;
}

bool wait_line::add(turn_wait& w) noexcept {
  w.refused_ = w.stage_ == turn_wait::stage::removed;
  if (w.refused_) return false;
  w.stage_ = turn_wait::stage::linked;
  link(w);
  return true;
}

void wait_line::grant(turn_wait& w, wake_list& woken) noexcept {
  unlink(w);
  w.stage_ = turn_wait::stage::granted;
  woken.add(*w.pool_, *w.waiting_);
}

engine::job& wait_line::grant_first() noexcept {
  turn_wait& w = *first_;
  unlink(w);
  w.stage_ = turn_wait::stage::granted;
  return *w.waiting_;
}

void wait_line::link(turn_wait& w) noexcept {
  w.line_ = this;
  w.previous_ = last_;
  w.next_ = nullptr;
  (last_ != nullptr ? last_->next_ : first_) = &w;
  last_ = &w;
  ++size_;
}

void wait_line::unlink(turn_wait& w) noexcept {
  (w.previous_ != nullptr ? w.previous_->next_ : first_) = w.next_;
  (w.next_ != nullptr ? w.next_->previous_ : last_) = w.previous_;
  --size_;
}

void wait_list::move_first(wait_list& to) noexcept {
  turn_wait& w = *first();
  unlink(w);
  to.link(w);
  w.home_.store(&to, sync::memory_order_relaxed);  // relaxed: keeps L3, under both locks
}

// The home outlives the wait, and the canceller keeps the wait from ending (C1).
sync::unique_lock<sync::spinlock> turn_wait::lock_home() noexcept {
  for (;;) {
    // relaxed: looked at again under its lock
    wait_home* const home = home_.load(sync::memory_order_relaxed);
    sync::unique_lock hold(home->lock_);
    // relaxed: L3
    if (home_.load(sync::memory_order_relaxed) == home) return hold;
  }
}

cancel_answer turn_wait::cancel_turn(wait& self, cancel_requests&) noexcept {
  auto& here = static_cast<turn_wait&>(self);
  wake_list woken;
  cancel_answer answer{cancel_status::finished};
  {
    const auto hold = here.lock_home();
    switch (here.stage_) {
      case stage::fresh:
        here.stage_ = stage::removed;
        answer = {cancel_status::early};
        break;
      case stage::linked:
        here.line_->unlink(here);
        here.stage_ = stage::removed;
        // relaxed: stays as it is while its lock is held
        here.home_.load(sync::memory_order_relaxed)->after_removal(woken);
        answer = {cancel_status::claimed, here.waiting_};
        break;
      case stage::granted:
      case stage::removed:
        break;
    }
  }
  woken.run();
  return answer;
}

}  // namespace silk::detail
