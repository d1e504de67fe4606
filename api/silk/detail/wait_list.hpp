// wait_list: tasks that wait for their turn at a lock, an event, a queue; first come, first served.
//
// One lock guards the list and whatever the primitive counts (permits, an owner, a flag), so that "take
// what is there, else wait" is one step, and so is "hand it over, else put it back".
//
//   fresh --add--> linked --grant--> granted     the task is woken and has its turn
//     |             |  | `--remove----> removed  it was cancelled, and the canceller wakes it
//     |             |  `--move_first--> linked   in another line
//     `--remove----> removed                     (add and take then refuse it)
//
// L1: a turn is never lost. Who is granted one, or finds one free, and is cancelled before it goes on,
//     passes it on; its awaiter learns that from leave().
// L2: a waiter is in a line exactly while it is `linked`; it leaves by one grant or one remove.
// L3: its home changes under the locks of both homes, so whoever holds the home's lock and finds that
//     it still is the home has the waiter to itself.
//
// wait_home is the lock, wait_line those who wait for the same thing; most primitives are a wait_list,
// which is one of each. Waiters may belong to different runtimes; each is woken on its own.
#pragma once

#include "awaitable.hpp"
#include "engine.hpp"
#include "wake_list.hpp"

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <source_location>
#include <type_traits>
#include <utility>

namespace silk::detail {

class wait_home;
class wait_line;
class wait_list;

// How a wait for a turn came to its end.
enum class turn : std::uint8_t {
  taken,   // go on
  lost,    // cancelled without having had it: throw
  unused,  // cancelled after it was granted or taken: pass it on, then throw
};

// A task's place in a line. Lives in the awaiter.
class turn_wait : public native_awaiter, public wait {
 public:
  explicit turn_wait(wait_home& home) noexcept : wait(cancel_turn), home_(&home) {}

  turn_wait(const turn_wait&) = delete;
  turn_wait& operator=(const turn_wait&) = delete;

  // Whatever the primitive keeps with a waiter: what it wants, what it was given. [holder; the task]
  std::uint32_t note = 0;

 protected:
  [[noreturn]] void throw_cancelled(std::source_location where) const {
    detail::throw_cancelled(*waiting_->context, where);
  }
  // After `unused`: the turn was used after all, so the cancel is for the next await. [task]
  void put_off_cancel() const noexcept { waiting_->context->give_back_pending(); }
  // The task is about to suspend, and a cancel finds it. False: a cancel was pending. [task]
  bool enter(promise_base& waiting) noexcept {
    waiting_ = &waiting;
    pool_ = &engine::current_worker()->owner();
    waiting.make_resumable();
    if (begin_wait(*waiting.context, *this)) return true;
    stage_ = stage::removed;
    return false;
  }
  // After enter(): the primitive was asked and does not let the task wait. Unless that was because of
  // a cancel, the task has its turn, and a cancel that comes from now on finds it so. [task]
  void stay() noexcept { taken_at_once_ = !refused_; }
  // The task runs again, or never suspended. [task]
  turn leave() noexcept {
    if (waiting_ == nullptr) return turn::taken;
    const bool cancel_due = waiting_->context->leave_wait();
    if (stage_ != stage::removed) return cancel_due ? turn::unused : turn::taken;
    // A second cancel meanwhile: one delivery serves both.
    static_cast<void>(waiting_->context->take_pending());
    return taken_at_once_ ? turn::unused : turn::lost;
  }

 private:
  friend await_access;
  friend class wait_home;
  friend class wait_line;
  friend class wait_list;
  enum class stage : std::uint8_t { fresh, linked, granted, removed };

  static cancel_answer cancel_turn(wait& self, cancel_requests& requests) noexcept;
  sync::unique_lock<sync::spinlock> lock_home() noexcept;

  sync::atomic<wait_home*> home_;
  promise_base* waiting_ = nullptr;
  engine::pool* pool_ = nullptr;
  wait_line* line_ = nullptr;  // guarded by the home's lock, as all that follows
  turn_wait* previous_ = nullptr;
  turn_wait* next_ = nullptr;
  stage stage_ = stage::fresh;
  bool refused_ = false;  // [task], as the next
  bool taken_at_once_ = false;
};

// The lock of what tasks wait at. Members here and below that say [holder] want it held.
class wait_home {
 public:
  wait_home(const wait_home&) = delete;
  wait_home& operator=(const wait_home&) = delete;

 protected:
  wait_home() noexcept = default;
  virtual ~wait_home() = default;

  // For who must know before it hands over a turn that need not be waited for. False: `w` was cancelled
  // before it got here, and gets none. [holder]
  [[nodiscard]] static bool take(turn_wait& w) noexcept;

  // A waiter was taken out by a cancel: those behind it may have their turn now. [holder]
  virtual void after_removal(wake_list&) noexcept {}

  mutable sync::spinlock lock_;

 private:
  friend class turn_wait;
};

// The tasks that wait for the same thing, the one that has waited longest first.
class wait_line {
 public:
  wait_line() noexcept = default;
  wait_line(const wait_line&) = delete;
  wait_line& operator=(const wait_line&) = delete;
  ~wait_line() {
    SILK_ASSERT(first_ == nullptr, "destroy this only when no task waits for it any more");
  }

  // False: `w` was cancelled before it got here, and does not wait. [holder]
  [[nodiscard]] bool add(turn_wait& w) noexcept;
  bool empty() const noexcept { return first_ == nullptr; }  // [holder]
  std::size_t waiting() const noexcept { return size_; }     // [holder]
  turn_wait* first() const noexcept { return first_; }       // [holder]
  void grant(turn_wait& w, wake_list& woken) noexcept;       // [holder]
  // To the one that has waited longest; something must wait. [holder]
  void grant_first(wake_list& woken) noexcept { grant(*first_, woken); }
  // The same for who wakes it by other means: makes the job runnable in the waiter's pool. [holder]
  [[nodiscard]] engine::job& grant_first() noexcept;
  void grant_all(wake_list& woken) noexcept {  // [holder]
    while (!empty()) grant_first(woken);
  }

 protected:
  void link(turn_wait& w) noexcept;
  void unlink(turn_wait& w) noexcept;

 private:
  friend class turn_wait;

  turn_wait* first_ = nullptr;
  turn_wait* last_ = nullptr;
  std::size_t size_ = 0;
};

// The base of a primitive with one line.
class wait_list : public wait_home, public wait_line {
 protected:
  wait_list() noexcept = default;
  ~wait_list() override = default;

  // The one that has waited longest goes on waiting, in another list. [holder of both]
  void move_first(wait_list& to) noexcept;
};

// What a verb that waits for a turn gives: to be awaited once, movable until then. A Verb knows the
// primitive, and
//   bool try_now()               takes the turn if it can be had without waiting
//   bool now_or_wait(turn_wait&) the same, else adds the task to a line; true: it waits
//   void pass_on()               gives a turn back that was granted and will not be used; where it
//                                returns bool, false says that it has been used: the await goes on
//                                as if there were no cancel, which is thrown at the next one
//   auto result()                what the await gives; may throw
// and, if try_now() does more than to look for a turn, void arrive(), which does that part.
template <class Verb>
class [[nodiscard("this must be awaited")]] turn_operation {
 public:
  class awaiter;
  class turn_awaiter;
  explicit turn_operation(Verb verb) noexcept : verb_(std::move(verb)) {}
  awaiter operator co_await() && noexcept { return awaiter(std::move(verb_)); }

  // Of a waiter in a line where only such operations wait. [holder]
  static Verb& verb_of(turn_wait& waiter) noexcept { return static_cast<awaiter&>(waiter).verb_; }

 private:
  Verb verb_;
};

template <class Verb>
class turn_operation<Verb>::awaiter : public turn_wait {
 public:
  explicit awaiter(Verb verb) noexcept : turn_wait(verb.home()), verb_(std::move(verb)) {}

  bool await_ready() { return verb_.try_now(); }
  using native_awaiter::await_suspend;
  template <std::derived_from<promise_base> Promise>
  bool await_suspend(std::coroutine_handle<Promise> waiting) noexcept {
    if (!enter(waiting.promise())) return false;
    if (verb_.now_or_wait(*this)) return true;  // and may have gone on already
    stay();
    return false;
  }
  decltype(auto) await_resume(std::source_location where = std::source_location::current()) {
    check_turn(where);
    return verb_.result();
  }

  // await_resume in two steps, for who only then knows whether it uses the turn. After check_turn() it
  // must do one of the other two, once.
  void check_turn(std::source_location where) {
    const turn came = leave();
    if (came == turn::lost) throw_cancelled(where);
    if (came == turn::unused) {
      if (undo_turn()) throw_cancelled(where);
      put_off_cancel();
    }
  }
  decltype(auto) use_turn() { return verb_.result(); }
  bool undo_turn() {  // false: it cannot be undone any more
    if constexpr (std::is_void_v<decltype(verb_.pass_on())>) {
      verb_.pass_on();
      return true;
    } else {
      return verb_.pass_on();
    }
  }

 private:
  friend class turn_operation;
  Verb verb_;
};

// Waits for the turn that `of` asks for, and leaves it to the caller to use it.
template <class Verb>
class turn_operation<Verb>::turn_awaiter : public native_awaiter {
 public:
  explicit turn_awaiter(awaiter& of) noexcept : of_(of) {}

  // Never by try_now: what that takes cannot be passed on.
  bool await_ready() {
    if constexpr (requires(Verb& verb) { verb.arrive(); }) of_.verb_.arrive();
    return false;
  }
  using native_awaiter::await_suspend;
  template <std::derived_from<promise_base> Promise>
  bool await_suspend(std::coroutine_handle<Promise> waiting) noexcept {
    return of_.await_suspend(waiting);
  }
  void await_resume(std::source_location where = std::source_location::current()) {
    of_.check_turn(where);
  }

 private:
  awaiter& of_;
};

}  // namespace silk::detail
