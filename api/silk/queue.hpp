// queue: hands items from tasks to tasks, in order.
#pragma once

#include "detail/queue_core.hpp"
#include "detail/queue_store.hpp"
#include "errors.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace silk {

/// What close() does with the items that are still in a queue.
enum class close_mode : std::uint8_t {
  drain,    ///< they can be taken
  discard,  ///< they are destroyed, and count as done
};

namespace detail {

/// What queue, priority_queue and lifo_queue have in common. They differ in which item comes out next.
///
/// Puts and gets are served in the order in which they were asked for; none is passed over while it waits. A getter
/// that has been woken has an item for certain, but one that comes before it goes on may take the first, as in asyncio.
/// What one task puts comes out of a queue<T> in the order in which it was put.
///
/// T is an object type that can be moved; its move constructor should not throw: a get that fails in it
/// loses the item.
///
/// Threads   put(), get(), next() and join() in tasks, of any runtime; everything else on any thread.
///           The numbers that the queries give may be out of date.
/// Lifetime  must outlive its waiters: the program ends with a message if it does not. Items that are
///           left are destroyed with it.
template <class T, class Store>
class basic_queue : public queue_core {
  static_assert(std::is_object_v<T> && std::move_constructible<T>,
                "a queue holds objects that can be moved; in place of a reference use a pointer");

 public:
  /// The type of the items.
  using value_type = T;

  /// Holds at most `capacity` items; any number if that is zero or less.
  explicit basic_queue(std::ptrdiff_t capacity = 0) noexcept(
      std::is_nothrow_default_constructible_v<Store>)
      : queue_core(capacity) {}
  ~basic_queue() override { Store::destroy_all(store_.take_all()); }

  /// `co_await q.put(value)`: adds an item, and waits for room first if there is none.
  ///
  /// Finishes  when the item is in the queue; at once, without suspending, if there is room.
  /// Fails     closed_error when the queue is closed, or is closed before there is room.
  /// Cancelled the item is not in the queue and nobody gets it. If it has been added and a getter has
  ///           it already, or has been woken for it, put() goes on as if there were no cancel, and
  ///           that is thrown at the task's next await.
  auto put(T value) {
    return turn_operation<put_verb>(put_verb(*this, make_node(std::move(value))));
  }

  /// `co_await q.get()`: the next item; waits for one if there is none.
  ///
  /// Finishes  at once, without suspending, if there is an item that is promised to nobody.
  /// Fails     closed_error when the queue is closed and its last item has been taken.
  /// Cancelled nothing is taken; an item that was promised to the task goes to the next getter.
  auto get() noexcept { return turn_operation<get_verb>(get_verb(*this)); }

  /// As get(), but gives a std::optional, which is empty when the queue is closed and drained:
  ///
  ///   for (;;) {
  ///     auto item = co_await q.next();
  ///     if (!item) break;
  ///     use(*item);
  ///   }
  ///
  /// `while (auto item = co_await q.next())` does the same, but GCC before 12.3 miscompiles that unless
  /// the outermost block of the coroutine declares a variable.
  auto next() noexcept { return turn_operation<next_verb>(next_verb(*this)); }

  /// Adds an item if there is room. False if there is none or the queue is closed; then `value` is
  /// untouched. Never waits.
  template <class U = T>
    requires std::constructible_from<T, U>
  [[nodiscard]] bool try_put(U&& value) {
    return offer(std::forward<U>(value)) == offered::accepted;
  }

  /// As try_put, but fails with queue_full or closed_error.
  template <class U = T>
    requires std::constructible_from<T, U>
  void put_nowait(U&& value);

  /// Takes the next item if there is one that is promised to nobody. Never waits.
  [[nodiscard]] std::optional<T> try_get();

  /// As try_get, but fails with queue_empty, or with closed_error when the queue is closed and drained.
  T get_nowait();

  /// No more puts: those that wait and all later ones fail with closed_error. Items that are still there
  /// can be taken, or are discarded and count as done; when none is left, every get fails with
  /// closed_error. May be called more than once, also to discard what is left of a queue that drains.
  ///
  /// Returns how many items were discarded.
  std::size_t close(close_mode mode = close_mode::drain) noexcept;

 protected:
  template <class... Args>
  basic_queue(std::in_place_t, std::ptrdiff_t capacity, Args&&... args)
      : queue_core(capacity), store_(std::forward<Args>(args)...) {}

 private:
  using node = typename Store::node;
  using node_ptr = std::unique_ptr<node, destroy_node>;
  enum class offered : std::uint8_t { accepted, full, closed };

  class put_verb;
  class get_verb;
  struct next_verb;
  using put_operation = turn_operation<put_verb>;

  static node_ptr make_node(T&& value) {
    return node_ptr(&node_memory<node>().make(std::in_place, std::move(value)));
  }
  [[noreturn]] static void throw_closed() { throw closed_error("the queue is closed"); }

  template <class U>
  offered offer(U&& value);
  bool put_now(node_ptr& item) noexcept;
  bool put_or_wait(turn_wait& w, put_verb& put) noexcept;
  bool withdraw(put_verb& put) noexcept;
  void let_go(put_verb& put) noexcept;

  bool take_now(node_ptr& item) noexcept;
  bool take_or_wait(turn_wait& w) noexcept;
  node_ptr take_promised() noexcept;
  void break_promise() noexcept;

  void add(node& item, wake_list& woken) noexcept;         // [holder]
  void add_for(put_verb& put, wake_list& woken) noexcept;  // [holder]
  node_ptr take_next(wake_list& woken) noexcept;           // [holder]
  void removed_one(wake_list& woken) noexcept;             // [holder]

  Store store_;  // guarded by lock_
};

template <class T, class Store>
class basic_queue<T, Store>::put_verb {
 public:
  put_verb(basic_queue& queue, node_ptr item) noexcept : queue_(&queue), item_(std::move(item)) {}
  wait_home& home() const noexcept { return *queue_; }
  bool try_now() noexcept { return queue_->put_now(item_); }
  bool now_or_wait(turn_wait& w) noexcept { return queue_->put_or_wait(w, *this); }
  bool pass_on() noexcept { return queue_->withdraw(*this); }
  void result() {
    if (item_ != nullptr) throw_closed();
    if (waited_) queue_->let_go(*this);
  }

 private:
  friend basic_queue;
  basic_queue* queue_;
  node_ptr item_;          // until it is added
  bool waited_ = false;    // and it was added, perhaps while the task was suspended
  node* added_ = nullptr;  // then; null again when it was taken, void when the queue is empty
};

template <class T, class Store>
class basic_queue<T, Store>::get_verb {
 public:
  explicit get_verb(basic_queue& queue) noexcept : queue_(&queue) {}
  wait_home& home() const noexcept { return *queue_; }
  bool try_now() noexcept { return queue_->take_now(item_); }
  bool now_or_wait(turn_wait& w) noexcept { return queue_->take_or_wait(w); }
  void pass_on() const noexcept { queue_->break_promise(); }
  T result() {
    if (!has_item()) throw_closed();
    return std::move(item_->value);
  }

 protected:
  // False: closed and drained.
  bool has_item() noexcept {
    if (item_ == nullptr) item_ = queue_->take_promised();
    return item_ != nullptr;
  }

  basic_queue* queue_;
  node_ptr item_;
};

template <class T, class Store>
struct basic_queue<T, Store>::next_verb : get_verb {
  using get_verb::get_verb;
  std::optional<T> result() {
    if (!this->has_item()) return std::nullopt;
    return std::move(this->item_->value);
  }
};

template <class T, class Store>
template <class U>
  requires std::constructible_from<T, U>
void basic_queue<T, Store>::put_nowait(U&& value) {
  switch (offer(std::forward<U>(value))) {
    case offered::accepted:
      return;
    case offered::full:
      throw queue_full();
    case offered::closed:
      throw_closed();
  }
}

template <class T, class Store>
std::optional<T> basic_queue<T, Store>::try_get() {
  node_ptr item;
  if (!take_now(item) || item == nullptr) return std::nullopt;
  return std::move(item->value);
}

template <class T, class Store>
T basic_queue<T, Store>::get_nowait() {
  node_ptr item;
  if (!take_now(item)) throw queue_empty();
  if (item == nullptr) throw_closed();
  return std::move(item->value);
}

template <class T, class Store>
std::size_t basic_queue<T, Store>::close(close_mode mode) noexcept {
  wake_list woken;
  std::size_t discarded = 0;
  node* dropped = nullptr;
  {
    sync::lock_guard hold(lock_);
    closed_ = true;
    putters_.grant_all(
        woken);  // they still have their items, and so learn that they were not added
    if (mode == close_mode::discard) {
      dropped = store_.take_all();
      discarded = std::exchange(size_, 0);
      promised_ = 0;
      finish(discarded, woken);
    }
    serve_getters(woken);
  }
  woken.run();
  Store::destroy_all(dropped);  // not under the lock: destructors are the user's
  return discarded;
}

template <class T, class Store>
template <class U>
auto basic_queue<T, Store>::offer(U&& value) -> offered {
  node_memory<node> memory;
  wake_list woken;
  {
    sync::lock_guard hold(lock_);
    if (closed_) return offered::closed;
    if (!has_room()) return offered::full;
    // The one constructor that runs under the lock, since `value` must not change when we refuse it.
    add(memory.make(std::in_place, std::forward<U>(value)), woken);
  }
  woken.run();
  return offered::accepted;
}

// True: the item was added, or the queue is closed and `item` is still there.
template <class T, class Store>
bool basic_queue<T, Store>::put_now(node_ptr& item) noexcept {
  wake_list woken;
  {
    sync::lock_guard hold(lock_);
    if (closed_) return true;
    if (!has_room()) return false;
    add(*item.release(), woken);
  }
  woken.run();
  return true;
}

template <class T, class Store>
bool basic_queue<T, Store>::put_or_wait(turn_wait& w, put_verb& put) noexcept {
  wake_list woken;
  {
    sync::lock_guard hold(lock_);
    if (!closed_ && !has_room()) return putters_.add(w);
    if (take(w) && !closed_) add_for(put, woken);
  }
  woken.run();
  return false;
}

// The put was cancelled after its turn had come. False: too late, the item is out of our hands.
template <class T, class Store>
bool basic_queue<T, Store>::withdraw(put_verb& put) noexcept {
  if (put.item_ != nullptr) return true;  // was woken because the queue was closed
  wake_list woken;
  node_ptr withdrawn;
  {
    sync::lock_guard hold(lock_);
    if (!has_item() || put.added_ == nullptr) return false;  // all promised, or taken
    store_.erase(*put.added_);
    withdrawn.reset(put.added_);
    finish(1, woken);
    removed_one(woken);
  }
  woken.run();
  return true;
}

// The put is over: its item must not point into the awaiter any more.
template <class T, class Store>
void basic_queue<T, Store>::let_go(put_verb& put) noexcept {
  sync::lock_guard hold(lock_);
  if (size_ != 0 && put.added_ != nullptr) put.added_->known_as = nullptr;
}

// True: an item was taken, or the queue is closed and drained and there is none.
template <class T, class Store>
bool basic_queue<T, Store>::take_now(node_ptr& item) noexcept {
  wake_list woken;
  {
    sync::lock_guard hold(lock_);
    if (!has_item()) return is_over();
    item = take_next(woken);
  }
  woken.run();
  return true;
}

template <class T, class Store>
bool basic_queue<T, Store>::take_or_wait(turn_wait& w) noexcept {
  sync::lock_guard hold(lock_);
  if (!has_item() && !is_over()) return getters_.add(w);
  if (take(w) && has_item()) ++promised_;  // it takes the item when no cancel can come any more
  return false;
}

// For a getter whose turn has come. Empty: it came because the queue is over.
template <class T, class Store>
auto basic_queue<T, Store>::take_promised() noexcept -> node_ptr {
  wake_list woken;
  node_ptr item;
  {
    sync::lock_guard hold(lock_);
    if (size_ == 0) return item;
    --promised_;
    item = take_next(woken);
  }
  woken.run();
  return item;
}

// The getter was cancelled after its turn had come.
template <class T, class Store>
void basic_queue<T, Store>::break_promise() noexcept {
  wake_list woken;
  {
    sync::lock_guard hold(lock_);
    if (size_ == 0) return;  // the queue is over
    --promised_;
    serve_getters(woken);
  }
  woken.run();
}

template <class T, class Store>
void basic_queue<T, Store>::add(node& item, wake_list& woken) noexcept {
  store_.push(item);
  added();
  serve_getters(woken);
}

template <class T, class Store>
void basic_queue<T, Store>::add_for(put_verb& put, wake_list& woken) noexcept {
  put.waited_ = true;
  put.added_ = put.item_.release();
  put.added_->known_as = &put.added_;
  add(*put.added_, woken);
}

template <class T, class Store>
auto basic_queue<T, Store>::take_next(wake_list& woken) noexcept -> node_ptr {
  node_ptr item(&store_.pop());
  if (item->known_as != nullptr) *item->known_as = nullptr;
  removed_one(woken);
  return item;
}

template <class T, class Store>
void basic_queue<T, Store>::removed_one(wake_list& woken) noexcept {
  --size_;
  if (!putters_.empty()) {  // keeps Q2: there was no room, and now there is room for one
    add_for(put_operation::verb_of(*putters_.first()), woken);
    putters_.grant_first(woken);
  }
  serve_getters(woken);
}

}  // namespace detail

/// A queue: first in, first out. What asyncio calls Queue.
template <class T>
class queue : public detail::basic_queue<T, detail::list_store<T, detail::list_end::oldest>> {
 public:
  using queue::basic_queue::basic_queue;
};

}  // namespace silk
