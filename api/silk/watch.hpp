// watch: the latest value of something, and word of each change.
//
// The value is behind a shared_ptr, which is all that is touched under the lock: copies are made without.
#pragma once

#include "detail/stream_core.hpp"
#include "errors.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace silk {

namespace detail {

template <class T>
class watch_core : public stream_core {
 public:
  using value_ptr = std::shared_ptr<const T>;

  explicit watch_core(value_ptr first) noexcept : latest_(std::move(first)) {}

  void send(value_ptr value);
  value_ptr latest(std::uint64_t& version) const noexcept;
  bool is_news(std::uint64_t seen) const noexcept;  // or there will never be any
  bool news_or_wait(turn_wait& w, std::uint64_t seen) noexcept;

 private:
  value_ptr latest_;  // guarded by lock_, as all that follows
  std::uint64_t version_ = 0;
};

}  // namespace detail

/// Holds a value that changes, and tells those who watch it. Who is slow sees the latest value only.
///
/// T is an object type that can be copied.
///
/// Threads   all on any thread; receiver::changed() in tasks, of any runtime.
/// Lifetime  receivers may outlive it: its end closes it.
template <std::copy_constructible T>
class watch {
 public:
  /// The type of the value.
  using value_type = T;
  class receiver;

  /// Holds `first` at the beginning.
  explicit watch(T first)
      : core_(std::make_shared<core>(std::make_shared<const T>(std::move(first)))) {}
  watch(const watch&) = delete;
  watch& operator=(const watch&) = delete;
  ~watch() { close(); }

  /// Replaces the value. Every send is a change, whether the value differs or not.
  ///
  /// Fails     closed_error after close().
  void send(T value) { core_->send(std::make_shared<const T>(std::move(value))); }

  /// A copy of the latest value, also after close().
  T get() const {
    std::uint64_t version = 0;
    return *core_->latest(version);
  }

  /// A receiver that has seen the value that there is now.
  receiver subscribe() { return receiver(core_); }

  /// There will be no more changes.
  void close() noexcept { core_->close(); }
  /// True after close(). May be out of date.
  bool is_closed() const noexcept { return core_->is_closed(); }

 private:
  using core = detail::watch_core<T>;
  std::shared_ptr<core> core_;
};

/// Watches a value. Movable, but not while a task waits in changed(); belongs to one task or thread at a
/// time.
template <std::copy_constructible T>
class watch<T>::receiver {
 public:
  /// `co_await r.changed()`: waits until there is a value that this receiver has not seen. That one counts
  /// as seen then, whether get() is called or not.
  ///
  /// Finishes  at once, without suspending, when there is one.
  /// Fails     closed_error when it has seen the last value and the watch is closed.
  /// Cancelled nothing is missed: the next call finds the change.
  auto changed() noexcept { return detail::turn_operation<changed_verb>(changed_verb(*this)); }

  /// True when changed() would not wait because there is a value that was not seen. Never waits.
  bool has_changed() const noexcept {
    std::uint64_t version = 0;
    static_cast<void>(core_->latest(version));
    return version != seen_;
  }

  /// A copy of the latest value, which counts as seen; also after close().
  T get() { return *core_->latest(seen_); }

  /// True after close(). May be out of date.
  bool is_closed() const noexcept { return core_->is_closed(); }

 private:
  friend watch;

  class changed_verb {
   public:
    explicit changed_verb(receiver& of) noexcept : receiver_(&of) {}
    detail::wait_home& home() const noexcept { return receiver_->core_->home(); }
    bool try_now() const noexcept { return receiver_->core_->is_news(receiver_->seen_); }
    bool now_or_wait(detail::turn_wait& w) const noexcept {
      return receiver_->core_->news_or_wait(w, receiver_->seen_);
    }
    void pass_on() const noexcept {}
    void result() const {
      std::uint64_t version = 0;
      static_cast<void>(receiver_->core_->latest(version));
      if (std::exchange(receiver_->seen_, version) == version) {
        throw closed_error("the watch is closed, and the last change has been seen");
      }
    }

   private:
    receiver* receiver_;
  };

  explicit receiver(std::shared_ptr<core> of) noexcept : core_(std::move(of)) {
    static_cast<void>(core_->latest(seen_));
  }

  std::shared_ptr<core> core_;
  std::uint64_t seen_ = 0;
};

namespace detail {

template <class T>
void watch_core<T>::send(value_ptr value) {
  send_to_all("the watch is closed", [&] {
    latest_.swap(value);  // the old one is destroyed at the end, without the lock
    ++version_;
  });
}

template <class T>
auto watch_core<T>::latest(std::uint64_t& version) const noexcept -> value_ptr {
  sync::lock_guard hold(lock_);
  version = version_;
  return latest_;
}

template <class T>
bool watch_core<T>::is_news(std::uint64_t seen) const noexcept {
  sync::lock_guard hold(lock_);
  return version_ != seen || closed_;
}

template <class T>
bool watch_core<T>::news_or_wait(turn_wait& w, std::uint64_t seen) noexcept {
  sync::lock_guard hold(lock_);
  return wait_for_news(w, version_ != seen);
}

}  // namespace detail

}  // namespace silk
