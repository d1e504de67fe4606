#include "completion_core.hpp"

#include <limits>
#include <stdexcept>

namespace silk::detail {

completion_core::completion_core(runtime_core& runtime, const std::vector<future_core*>& futures)
    : pool_(runtime.pool()),
      size_(futures.size()),
      members_(std::make_unique<member[]>(size_)),
      unclaimed_(size_),
      pending_(size_) {
  if (size_ >= std::numeric_limits<std::uint32_t>::max()) {
    throw std::length_error("as_completed: more than 4294967294 futures");
  }
  for (std::size_t i = 0; i < size_; ++i) {
    members_[i].owner = this;
    members_[i].core = futures[i];
    members_[i].pool = &pool_;
  }
  expiry_.run = [](engine::job& self) noexcept {
    const auto owner = std::move(static_cast<expiry&>(self).self);
    owner->expire();
  };
}

void completion_core::start(runtime_core& runtime, duration timeout,
                            const std::shared_ptr<completion_core>& self) {
  for (std::size_t i = 0; i < size_; ++i) {
    if (members_[i].core->done()) static_cast<void>(completed(members_[i]));
  }
  if (pending_ == 0) return;  // nobody else is here yet
  if (timeout != duration::max()) arm(runtime, timeout, self);
  for (std::size_t i = 0; i < size_; ++i) watch(members_[i]);
}

// A timer that is due is served within a bound, but not at the next turn: who only looks is queued.
void completion_core::arm(runtime_core& runtime, duration timeout,
                          const std::shared_ptr<completion_core>& self) {
  if (timeout <= duration::zero()) {
    timer_ = make_callback({}, [self] { self->expire(); }, {}, {});
    return timer_->start(runtime, engine::no_deadline);
  }
  timer_ = make_callback({}, [self] { self->expire_when_quiet(self); }, {}, {});
  timer_->start(runtime, deadline_after(pool_.time(), timeout));
}

void completion_core::watch(member& m) noexcept {
  {
    sync::lock_guard hold(lock_);
    if (!m.pending) return;
  }
  // Refused: it is done by now, or the time was up before we got here.
  if (!m.core->add_waiter(m)) static_cast<void>(completed(m));
}

void completion_core::abandon() noexcept {
  if (timer_) static_cast<void>(timer_->cancel());
  stop_watching();
}

void completion_core::stop_watching() noexcept {
  for (std::size_t i = 0; i < size_; ++i) {
    member& m = members_[i];
    {
      sync::lock_guard hold(lock_);
      if (!m.pending) continue;  // its future may be gone
    }
    m.core->remove_waiter(m);
  }
}

bool completion_core::claim() noexcept {
  sync::lock_guard hold(lock_);
  if (unclaimed_ == 0) return false;
  --unclaimed_;
  return true;
}

void completion_core::unclaim() noexcept {
  sync::lock_guard hold(lock_);
  ++unclaimed_;
}

std::size_t completion_core::unclaimed() const noexcept {
  sync::lock_guard hold(lock_);
  return unclaimed_;
}

void completion_core::check_runtime() const {
  if (&engine::current_worker()->owner() == &pool_) return;
  throw usage_error("as_completed: await this in the runtime in which it was made");
}

std::uint32_t completion_core::take_now() noexcept {
  sync::lock_guard hold(lock_);
  return take();
}

std::uint32_t completion_core::take() noexcept {
  if (first_ready_ == nullptr) return expired_ ? time_is_up : nothing;
  member& m = *first_ready_;
  first_ready_ = m.next_ready;
  if (first_ready_ == nullptr) last_ready_ = nullptr;
  return note_of(m);
}

bool completion_core::take_or_wait(turn_wait& w) noexcept {
  sync::lock_guard hold(lock_);
  if (first_ready_ == nullptr && !expired_) return consumers_.add(w);
  if (wait_home::take(w)) w.note = take();
  return false;
}

// The claim stays with who was cancelled; what it was given goes to who has waited longest, else it is
// the first to be given out again.
void completion_core::give_back(std::uint32_t note) noexcept {
  if (note == time_is_up) return;
  wake_list woken;
  {
    sync::lock_guard hold(lock_);
    if (!consumers_.empty()) {
      consumers_.first()->note = note;
      consumers_.grant_first(woken);
    } else {
      member& m = members_[index_of(note)];
      m.next_ready = first_ready_;
      first_ready_ = &m;
      if (last_ready_ == nullptr) last_ready_ = &m;
    }
  }
  woken.run();
}

engine::job* completion_core::member_completed(waiter& self) noexcept {
  member& m = static_cast<member&>(self);
  return m.owner->completed(m);
}

engine::job* completion_core::completed(member& done) noexcept {
  sync::lock_guard hold(lock_);
  if (closed_) return nullptr;  // keeps O3
  done.pending = false;
  // Under the lock, since nobody that counts on it may go meanwhile.
  if (--pending_ == 0 && timer_) static_cast<void>(timer_->cancel());
  if (consumers_.empty()) {
    push_ready(done);
    return nullptr;
  }
  consumers_.first()->note = note_of(done);
  return &consumers_.grant_first();
}

void completion_core::push_ready(member& m) noexcept {
  m.next_ready = nullptr;
  (last_ready_ != nullptr ? last_ready_->next_ready : first_ready_) = &m;
  last_ready_ = &m;
}

// Behind what became due at the same instant, so that it still counts as in time.
void completion_core::expire_when_quiet(std::shared_ptr<completion_core> self) noexcept {
  expiry_.self = std::move(self);
  pool_.schedule_when_quiet(expiry_);
}

void completion_core::expire() noexcept {
  {
    sync::lock_guard hold(lock_);
    if (pending_ == 0) return;
    closed_ = true;
  }
  stop_watching();  // keeps O4
  wake_list woken;
  {
    sync::lock_guard hold(lock_);
    expired_ = true;
    while (!consumers_.empty()) {
      consumers_.first()->note = time_is_up;
      consumers_.grant_first(woken);
    }
  }
  woken.run();
}

bool completion_verb::try_now() {
  if (!has_claim()) return true;
  core_->check_runtime();
  given_ = core_->take_now();
  return given_ != completion_core::nothing;
}

std::size_t completion_verb::use_claim() {
  claim().use();
  const std::uint32_t note = waiting_ != nullptr ? waiting_->note : given_;
  if (note == completion_core::time_is_up) throw timeout_error();
  return completion_core::index_of(note);
}

}  // namespace silk::detail
