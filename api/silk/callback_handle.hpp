// callback_handle: what a runtime gives for a function that it is to call.
#pragma once

#include "context.hpp"
#include "detail/callback.hpp"
#include "time.hpp"

#include <source_location>
#include <string>
#include <string_view>
#include <utility>

namespace silk {

/// How to hand over a callback. Trivially destructible, as spawn_options.
struct callback_options {
  std::string_view name = {};  ///< copied; for people, in descriptions and reports
  context_ref context = {};    ///< to be called in; none: a copy of the caller's
};

/// A callback that was handed to post, call_after or call_at. Dropping it does not cancel. Copies refer
/// to the same callback, an empty one to none.
///
/// Threads   every member may be called from any thread.
class callback_handle {
 public:
  callback_handle() noexcept = default;

  /// False for an empty handle.
  explicit operator bool() const noexcept { return static_cast<bool>(call_); }
  /// True: it has not started and never will; what it holds is destroyed.
  bool cancel() const noexcept { return call_ && call_->cancel(); }
  /// True once cancel() has succeeded, or the end of its runtime has dropped it before its time came.
  bool is_cancelled() const noexcept { return call_ && call_->is_cancelled(); }
  /// The time it was made for; time_point{} for post.
  time_point when() const noexcept { return call_ ? call_->when() : time_point{}; }
  /// Where it was handed over; line 0 when this is empty.
  std::source_location posted_at() const noexcept {
    return call_ ? call_->posted_at() : std::source_location{};
  }
  /// What it was called in its options; empty when it was not.
  std::string name() const { return call_ ? std::string(call_->name()) : std::string(); }
  /// For people: name, whether it waits, has been called or cancelled, the time it was made for, where
  /// it was handed over. "no callback" when this is empty.
  std::string description() const { return call_ ? call_->description() : "no callback"; }

  /// Whether both refer to the same callback.
  friend bool operator==(const callback_handle& a, const callback_handle& b) noexcept {
    return a.call_.get() == b.call_.get();
  }

 private:
  friend class runtime;
  friend class detail::callback;
  explicit callback_handle(detail::core_ptr<detail::callback> call) noexcept
      : call_(std::move(call)) {}
  detail::core_ptr<detail::callback> call_;
};

}  // namespace silk
