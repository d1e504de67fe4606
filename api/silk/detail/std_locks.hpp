// std::lock_guard and its like would call lock() and not await what it gives: they would hold nothing.
#pragma once

#include "engine.hpp"  // has the templates of std

namespace silk::detail {

// True for each primitive whose lock() has to be awaited.
template <class Mutex>
inline constexpr bool locks_by_await = false;

template <class Mutex>
concept awaited_mutex = locks_by_await<Mutex>;

}  // namespace silk::detail

template <silk::detail::awaited_mutex Mutex>
class std::lock_guard<Mutex> {
 public:
  template <class... How>
  explicit lock_guard(Mutex&, How...) = delete;  // const auto hold = co_await mutex.scoped();
};

template <silk::detail::awaited_mutex Mutex>
class std::scoped_lock<Mutex> {
 public:
  explicit scoped_lock(Mutex&) = delete;  // const auto hold = co_await mutex.scoped();
};

template <silk::detail::awaited_mutex Mutex>
class std::unique_lock<Mutex> {
 public:
  template <class... How>
  explicit unique_lock(Mutex&, How...) = delete;  // const auto hold = co_await mutex.scoped();
};
