// stream_core: what broadcast and watch have in common. A source and its receivers share it, so that
// either may go first; it wakes all that wait with each change, and for good when it is closed.
#pragma once

#include "../errors.hpp"
#include "wait_list.hpp"

#include <utility>

namespace silk::detail {

class stream_core : protected wait_list {
 public:
  // Nothing more comes. [any]
  void close() noexcept {
    wake_list woken;
    {
      sync::lock_guard hold(lock_);
      closed_ = true;
      grant_all(woken);
    }
    woken.run();
  }
  bool is_closed() const noexcept {
    sync::lock_guard hold(lock_);
    return closed_;
  }
  wait_home& home() noexcept { return *this; }

 protected:
  // Applies a change and wakes all; throws closed_error(refusal) when closed. [any]
  template <class Change>
  void send_to_all(const char* refusal, Change change) {
    wake_list woken;
    {
      sync::lock_guard hold(lock_);
      if (closed_) throw closed_error(refusal);
      change();
      grant_all(woken);
    }
    woken.run();
  }
  // Waits while there is no news for it. True: it waits. [holder]
  bool wait_for_news(turn_wait& w, bool news) noexcept {
    if (!news && !closed_) return add(w);
    static_cast<void>(wait_home::take(w));
    return false;
  }

  bool closed_ = false;  // guarded by lock_
};

}  // namespace silk::detail
