#include "wait_list.hpp"

namespace silk::detail {

bool wait_list::add(turn_wait& w) noexcept {
  if (w.stage_ == turn_wait::stage::removed) return false;
  w.stage_ = turn_wait::stage::linked;
  w.previous_ = last_;
  w.next_ = nullptr;
  (last_ != nullptr ? last_->next_ : first_) = &w;
  last_ = &w;
  ++size_;
  return true;
}

void wait_list::grant(turn_wait& w, wake_list& woken) noexcept {
  unlink(w);
  w.stage_ = turn_wait::stage::granted;
  woken.add(*w.pool_, *w.waiting_);
}

void wait_list::unlink(turn_wait& w) noexcept {
  (w.previous_ != nullptr ? w.previous_->next_ : first_) = w.next_;
  (w.next_ != nullptr ? w.next_->previous_ : last_) = w.previous_;
  --size_;
}

cancel_answer turn_wait::cancel_turn(wait& self, cancel_requests&) noexcept {
  auto& here = static_cast<turn_wait&>(self);
  wake_list woken;
  cancel_answer answer{cancel_status::finished};
  {
    sync::lock_guard hold(here.home_.lock_);
    switch (here.stage_) {
      case stage::fresh:
        here.stage_ = stage::removed;
        answer = {cancel_status::early};
        break;
      case stage::linked:
        here.home_.unlink(here);
        here.stage_ = stage::removed;
        here.home_.after_removal(woken);
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
