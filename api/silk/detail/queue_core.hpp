// queue_core: what all queues do that has nothing to do with the type of their items: counting, waiting,
// task_done and join.
//
// One lock for everything. Under it, between any two verbs:
//
// Q1: an item is promised to each getter that was woken and has not taken it yet, and to no other:
//     promised <= size. A getter waits only while promised == size.
// Q2: a putter waits only while the queue is full. So nobody overtakes one that waits.
// Q3: a closed queue has no putters; a closed queue that is empty has no getters, and stays so.
//
// Whoever changes size or promised restores Q1 and Q3 with serve_getters(), and Q2 (basic_queue::refill).
#pragma once

#include "wait_list.hpp"

#include <cstddef>

namespace silk::detail {

class queue_core : protected wait_home {
 public:
  /// How many items are in the queue, those included that are promised to a getter that was just woken.
  std::size_t size() const noexcept;
  bool empty() const noexcept { return size() == 0; }
  /// True when a put would have to wait. A queue without limit is never full.
  bool full() const noexcept;
  /// 0 when there is no limit.
  std::size_t capacity() const noexcept { return capacity_; }
  bool is_closed() const noexcept;
  std::size_t waiting_getters() const noexcept;
  std::size_t waiting_putters() const noexcept;
  /// Items that were put and for which task_done() was not called yet, taken or not.
  std::size_t unfinished() const noexcept;

  /// Says that an item that was taken has been dealt with.
  ///
  /// Fails     std::invalid_argument when called more often than items were put.
  void task_done();

  /// `co_await q.join()`: waits until task_done() was called for every item that was put.
  ///
  /// Finishes  at once when nothing is unfinished.
  auto join() noexcept { return turn_operation<join_verb>(join_verb(*this)); }

 protected:
  explicit queue_core(std::ptrdiff_t capacity) noexcept
      : capacity_(capacity > 0 ? static_cast<std::size_t>(capacity) : 0) {}
  ~queue_core() override = default;

  // All of these: [holder]
  bool has_room() const noexcept { return capacity_ == 0 || size_ < capacity_; }
  bool has_item() const noexcept { return size_ > promised_; }
  bool is_over() const noexcept { return closed_ && size_ == 0; }
  void added() noexcept {
    ++size_;
    ++unfinished_;
  }
  void serve_getters(wake_list& woken) noexcept;
  void finish(std::size_t items, wake_list& woken) noexcept;

  const std::size_t capacity_;
  std::size_t size_ = 0;  // guarded by lock_, as all that follows
  std::size_t promised_ = 0;
  std::size_t unfinished_ = 0;
  bool closed_ = false;
  wait_line getters_;
  wait_line putters_;
  wait_line joiners_;

 private:
  class join_verb {
   public:
    explicit join_verb(queue_core& queue) noexcept : queue_(&queue) {}
    wait_home& home() const noexcept { return *queue_; }
    bool try_now() const noexcept { return queue_->unfinished() == 0; }
    bool now_or_wait(turn_wait& w) const noexcept { return queue_->join_or_wait(w); }
    void pass_on() const noexcept {}
    void result() const noexcept {}

   private:
    queue_core* queue_;
  };

  bool join_or_wait(turn_wait& w) noexcept;
};

}  // namespace silk::detail
