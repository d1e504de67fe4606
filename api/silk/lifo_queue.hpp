// lifo_queue: the queue whose newest item comes out next.
#pragma once

#include "queue.hpp"

namespace silk {

/// A queue that is a stack: last in, first out. Otherwise as queue. What asyncio calls LifoQueue.
template <class T>
class lifo_queue : public detail::basic_queue<T, detail::list_store<T, detail::list_end::newest>> {
 public:
  using lifo_queue::basic_queue::basic_queue;
};

}  // namespace silk
