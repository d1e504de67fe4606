// broadcast: everybody who listens gets everything.
//
// The values are in a ring, each behind a shared_ptr: a receiver takes the pointer under the lock and
// copies the value when it has let it go, so no user's code runs under the lock.
//
//   first_kept = max(0, sent - capacity) <= position <= sent   of a receiver that has not lagged
#pragma once

#include "detail/stream_core.hpp"
#include "errors.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace silk {

namespace detail {

template <class T>
class broadcast_core : public stream_core {
 public:
  using value_ptr = std::shared_ptr<const T>;
  struct look {
    enum class found : std::uint8_t { nothing, value, lag, end };
    found what = found::nothing;
    value_ptr value{};
    std::uint64_t missed = 0;
  };

  explicit broadcast_core(std::size_t capacity) : ring_(capacity) {}

  std::uint64_t join() noexcept;
  void leave() noexcept;
  std::size_t send(value_ptr value);
  look take(std::uint64_t& position) noexcept;
  bool ready_or_wait(turn_wait& w, std::uint64_t position) noexcept;

  std::size_t receivers() const noexcept;
  std::size_t capacity() const noexcept { return ring_.size(); }

 private:
  std::vector<value_ptr> ring_;  // guarded by lock_, as all that follows
  std::uint64_t sent_ = 0;
  std::size_t receivers_ = 0;
};

}  // namespace detail

/// Sends each value to every receiver that has subscribed. The last `capacity` values are kept for those
/// that are slow; send() never waits for them.
///
/// T is an object type that can be copied. A value is destroyed when it has been overwritten, or when the
/// broadcast and all its receivers are gone.
///
/// Threads   all on any thread; receiver::next() in tasks, of any runtime.
/// Lifetime  receivers may outlive it: its end closes it.
template <std::copy_constructible T>
class broadcast {
 public:
  /// The type of the values.
  using value_type = T;
  class receiver;

  /// Fails     std::invalid_argument for a capacity of zero.
  explicit broadcast(std::size_t capacity) : core_(std::make_shared<core>(checked(capacity))) {}
  broadcast(const broadcast&) = delete;
  broadcast& operator=(const broadcast&) = delete;
  ~broadcast() { close(); }

  /// A receiver of everything that is sent from now on.
  receiver subscribe() { return receiver(core_); }

  /// Sends a value and returns to how many receivers.
  ///
  /// Fails     closed_error after close().
  std::size_t send(T value) { return core_->send(std::make_shared<const T>(std::move(value))); }

  /// Nothing more is sent. Receivers get what is kept for them, then learn that it is over.
  void close() noexcept { core_->close(); }

  /// True after close(). May be out of date.
  bool is_closed() const noexcept { return core_->is_closed(); }
  /// How many values are kept for slow receivers.
  std::size_t capacity() const noexcept { return core_->capacity(); }
  /// How many receivers there are.
  std::size_t receivers() const noexcept { return core_->receivers(); }

 private:
  using core = detail::broadcast_core<T>;
  static std::size_t checked(std::size_t capacity) {
    if (capacity == 0) throw std::invalid_argument("a broadcast keeps at least one value");
    return capacity;
  }

  std::shared_ptr<core> core_;
};

/// Sees everything that is sent after it has subscribed, in order. Movable, but not while a task waits in
/// next(); belongs to one task or thread at a time.
template <std::copy_constructible T>
class broadcast<T>::receiver {
 public:
  receiver(receiver&& other) noexcept : core_(std::move(other.core_)), position_(other.position_) {}
  receiver& operator=(receiver&& other) noexcept {
    if (this != &other) {
      leave();
      core_ = std::move(other.core_);
      position_ = other.position_;
    }
    return *this;
  }
  ~receiver() { leave(); }

  /// `co_await r.next()`: the next value as a std::optional, which is empty when the broadcast is closed
  /// and this receiver has seen everything. Waits for one if there is none.
  ///
  /// Fails     lagged_error when values were overwritten that it has not seen yet; the next call goes on
  ///           with the oldest one that is kept.
  /// Cancelled nothing is missed: the next call gives what this one would have given.
  auto next() noexcept { return detail::turn_operation<next_verb>(next_verb(*this)); }

  /// As next(), but empty also when there is nothing now. Never waits.
  std::optional<T> try_next() { return told(core_->take(position_)); }

  /// True when there will be nothing more than what is kept.
  bool is_closed() const noexcept { return core_->is_closed(); }

 private:
  friend broadcast;
  using look = typename core::look;

  class next_verb {
   public:
    explicit next_verb(receiver& of) noexcept : receiver_(&of) {}
    detail::wait_home& home() const noexcept { return receiver_->core_->home(); }
    bool try_now() noexcept {
      look_ = receiver_->core_->take(receiver_->position_);
      return look_.what != look::found::nothing;
    }
    bool now_or_wait(detail::turn_wait& w) const noexcept {
      return receiver_->core_->ready_or_wait(w, receiver_->position_);
    }
    void pass_on() const noexcept {}
    std::optional<T> result() {
      if (look_.what == look::found::nothing) try_now();
      return told(look_);
    }

   private:
    receiver* receiver_;
    look look_;
  };

  explicit receiver(std::shared_ptr<core> of) noexcept
      : core_(std::move(of)), position_(core_->join()) {}
  void leave() noexcept {
    if (core_ != nullptr) core_->leave();
  }
  static std::optional<T> told(const look& seen) {
    if (seen.what == look::found::lag) throw lagged_error(seen.missed);
    if (seen.what == look::found::value) return *seen.value;
    return std::nullopt;
  }

  std::shared_ptr<core> core_;
  std::uint64_t position_;  // how many values were sent before the next one to see
};

namespace detail {

template <class T>
std::uint64_t broadcast_core<T>::join() noexcept {
  sync::lock_guard hold(lock_);
  ++receivers_;
  return sent_;
}

template <class T>
void broadcast_core<T>::leave() noexcept {
  sync::lock_guard hold(lock_);
  --receivers_;
}

template <class T>
std::size_t broadcast_core<T>::send(value_ptr value) {
  std::size_t reached = 0;
  send_to_all("the broadcast is closed", [&] {
    // the old one is destroyed at the end, without the lock
    ring_[sent_++ % ring_.size()].swap(value);
    reached = receivers_;
  });
  return reached;
}

template <class T>
auto broadcast_core<T>::take(std::uint64_t& position) noexcept -> look {
  sync::lock_guard hold(lock_);
  if (position == sent_) return {.what = closed_ ? look::found::end : look::found::nothing};
  if (const std::uint64_t behind = sent_ - position; behind > ring_.size()) {
    const std::uint64_t missed = behind - ring_.size();
    position += missed;
    return {.what = look::found::lag, .missed = missed};
  }
  return {.what = look::found::value, .value = ring_[position++ % ring_.size()]};
}

// True: it waits. False: take() will find something.
template <class T>
bool broadcast_core<T>::ready_or_wait(turn_wait& w, std::uint64_t position) noexcept {
  sync::lock_guard hold(lock_);
  return wait_for_news(w, position != sent_);
}

template <class T>
std::size_t broadcast_core<T>::receivers() const noexcept {
  sync::lock_guard hold(lock_);
  return receivers_;
}

}  // namespace detail

}  // namespace silk
