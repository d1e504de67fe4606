// priority_queue: the queue whose smallest item comes out next.
#pragma once

#include "queue.hpp"

#include <concepts>
#include <cstddef>
#include <functional>
#include <utility>

namespace silk {

/// A queue whose smallest item, by Compare, comes out next; equal ones in the order in which they were
/// added. Otherwise as queue. What asyncio calls PriorityQueue.
///
/// Compare is called under a lock that the queue's other users wait for: keep it short, do not use the
/// queue in it, and throw nothing from it (that ends the program).
template <class T, std::strict_weak_order<const T&, const T&> Compare = std::less<T>>
class priority_queue : public detail::basic_queue<T, detail::heap_store<T, Compare>> {
 public:
  using priority_queue::basic_queue::basic_queue;
  /// Holds at most `capacity` items, any number if that is zero or less; `compare` says which come first.
  priority_queue(std::ptrdiff_t capacity, Compare compare)
      : priority_queue::basic_queue(std::in_place, capacity, std::move(compare)) {}
};

}  // namespace silk
