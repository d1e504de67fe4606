// future_core: the shared state behind futures and join handles; reference counted.
//
//            try_begin            complete
//   pending ----------> setting ------------> value | error | cancelled | skipped
//        `--------------- cancel ---------------^
//
//   pending   anyone may begin; waiters come and go under the lock
//   setting   the one that began owns the result; waiters still come and go
//   done      the outcome never changes; no waiter is linked any more, and none is accepted
//
// A waiter that hangs in the list is claimed by whoever unlinks it under the lock: completion, or its
// owner through remove_waiter(). Completion calls `completed` under the lock and touches the waiter
// no more after that, so that a waiter which has been removed, or has been told, may be destroyed.
//
// Edges   E:future-done   complete's store of state_   -> done()
#pragma once

#include "cancel_requests.hpp"
#include "done_callbacks.hpp"
#include "engine.hpp"
#include "result.hpp"
#include "wake_list.hpp"

#include <concepts>
#include <cstdint>
#include <exception>
#include <memory>
#include <source_location>
#include <type_traits>

namespace silk::detail {

// Where a waiter is, under the future's lock.
//
//   fresh --add--> linked --remove--> fresh
//     |               `--complete---> told, or while it is held: kept --let_go--> told
//     `--remove, give_up--> withdrawn
//
// A waiter that comes too late, or was withdrawn, is refused: told, or kept. Who is told may be gone, so
// nobody can hold it any more.
enum class waiter_stage : std::uint8_t { fresh, linked, withdrawn, kept, told };

enum class removal : std::uint8_t {
  unlinked,      // it was waiting
  before_added,  // it never will wait
  held,          // it will be told when it is let go
  too_late,      // it has been told, or was refused
};

// Something that waits for a future. Lives in an awaiter.
struct waiter {
  // Called once, under the future's lock: decides whether to wake somebody, and returns that job or
  // nullptr when somebody else will.
  using function = engine::job* (*)(waiter&) noexcept;
  explicit waiter(function f) noexcept : completed(f) {}
  waiter(const waiter&) = delete;
  waiter& operator=(const waiter&) = delete;

  function completed;
  engine::pool* pool = nullptr;  // where the job belongs
  waiter* previous = nullptr;
  waiter* next = nullptr;
  waiter_stage stage = waiter_stage::fresh;
  std::uint32_t holders = 0;
};

class future_core {
 public:
  future_core(const future_core&) = delete;
  future_core& operator=(const future_core&) = delete;

  void add_ref() noexcept {
    references_.fetch_add(1, sync::memory_order_relaxed);  // relaxed: the caller holds one already
  }
  void release() noexcept {
    // E:last-reference in/out: everybody's use of the state happens before its end. Who has the only
    // one need not write: nobody else can add one.
    if (has_one_owner() || references_.fetch_sub(1, sync::memory_order_acq_rel) == 1) destroy();
  }

  bool has_one_owner() const noexcept {
    return references_.load(sync::memory_order_acquire) == 1;  // E:last-reference in
  }

  bool done() const noexcept { return state() != outcome::none; }
  // `none` while pending.
  outcome state() const noexcept {
    const std::uint8_t value = state_.load(sync::memory_order_acquire);  // E:future-done in
    return value == setting ? outcome::none : static_cast<outcome>(value);
  }

  // False: already done, or `w` was withdrawn, and it has not been kept. After `true` it may have been
  // told and be gone: do not touch it. [any]
  [[nodiscard]] bool add_waiter(waiter& w) noexcept;
  // After any answer but `held` nothing points at `w`. [any]
  removal remove_waiter(waiter& w) noexcept;

  // Keeps the owner of `w` waiting, until let_go. False: it has been told already. [who keeps `w` alive]
  [[nodiscard]] bool hold_waiter(waiter& w) noexcept;
  void let_go(waiter& w) noexcept;  // [holder]
  // Tells `w` although the future is not done, once nobody holds it. [who keeps its owner waiting]
  void give_up(waiter& w) noexcept;

  // Asks for an end by cancellation; false when it was already done. [any]
  virtual bool cancel(cancel_requests& requests) noexcept = 0;

  // What came out, once done: error or cancelled; null for a value.
  std::exception_ptr stored_error() noexcept { return error_of(state()); }
  // The same of an outcome that is about to be shown. [who began, or any once done]
  virtual std::exception_ptr error_of(outcome reached) noexcept = 0;
  std::exception_ptr error() noexcept {  // counts as seen
    mark_seen();
    return stored_error();
  }

  // Destroys a result that will never be shown. [who began]
  virtual void discard_result(outcome held) noexcept = 0;

  // The right to complete; exactly one caller gets it. A task's own end needs none. [any]
  [[nodiscard]] bool try_begin() noexcept {
    std::uint8_t expected = 0;
    // relaxed: the result is published by complete()
    return state_.compare_exchange_strong(expected, setting, sync::memory_order_relaxed,
                                          sync::memory_order_relaxed);  // relaxed: no access yet
  }
  // The right is given back, because making the value threw. [who began]
  void abandon() noexcept {
    state_.store(0, sync::memory_order_relaxed);  // relaxed: nothing is shown
  }
  void complete(outcome reached, after_completion then) noexcept;  // [who began, with a reference]

  // Functions to call when done; they see the future, not a task. `runtime_serial` tells who calls them.
  std::uint64_t add_callback(std::unique_ptr<done_callbacks::entry> fresh,
                             std::uint32_t runtime_serial);  // [any]
  bool remove_callback(std::uint64_t id) noexcept;           // true: it will not be called [any]
  // The runtime that this future belongs to, if it is a task's. [any]
  virtual std::uint32_t home_serial() const noexcept { return 0; }

  // The task that it is the outcome of; nullptr for a plain future. [any]
  virtual task_node* task() noexcept { return nullptr; }

  // Where it was made, if that is known: line 0 if not. [any]
  virtual std::source_location created_at() const noexcept;
  void note_creation(std::source_location where);  // [who made it, before anybody else knows it]

  // Who waits: tasks and callbacks. Walks the list: for tests and reports. [any]
  std::size_t waiters() const noexcept;

  void mark_seen() noexcept {
    // relaxed: read by the last owner, after E:last-reference
    if (seen_.load(sync::memory_order_relaxed)) return;
    seen_.store(true, sync::memory_order_relaxed);  // relaxed: as above
  }

 protected:
  explicit future_core(std::uint32_t references) noexcept : references_(references) {}
  virtual ~future_core() = default;
  virtual void destroy() noexcept = 0;
  bool seen() const noexcept {
    return seen_.load(sync::memory_order_relaxed);  // relaxed: as above
  }

 private:
  friend await_access;
  friend done_callbacks;
  friend class task_node;
  static constexpr std::uint8_t setting = 0xff;

  sync::atomic<std::uint32_t> references_;
  sync::atomic<std::uint8_t> state_{0};
  sync::atomic<bool> seen_{false};
  void unlink(waiter& w) noexcept;  // [lock_]

  mutable sync::spinlock lock_;
  // Guarded by lock_.
  waiter* first_ = nullptr;
  waiter* last_ = nullptr;
  std::unique_ptr<done_callbacks> callbacks_;  // made by the first add

 protected:
  // Why it was cancelled. Of a plain future: written by who began. Of a task: see task_node.
  reason_ptr reason_;
};

// A failure that nobody looked at before its last owner went away.
void report_unseen(const std::exception_ptr& error) noexcept;

template <class T>
class future_state : public future_core {
 public:
  explicit future_state(std::uint32_t references) noexcept : future_core(references) {}
  ~future_state() override { slot.destroy(state()); }

  static void* operator new(std::size_t bytes) { return engine::allocate_frame(bytes); }
  static void operator delete(void* memory, std::size_t bytes) noexcept {
    engine::deallocate_frame(memory, bytes);
  }

  bool cancel(cancel_requests& requests) noexcept override {
    if (!try_begin()) return false;
    reason_ = requests.reason();
    complete(outcome::skipped, after_completion::runs_on);
    return true;
  }

  std::exception_ptr error_of(outcome reached) noexcept override {
    switch (reached) {
      case outcome::error:
      case outcome::cancelled:
        return slot.error();
      case outcome::skipped:
        return std::make_exception_ptr(cancelled(reason_));
      case outcome::none:
      case outcome::value:
        break;
    }
    return nullptr;
  }

  void discard_result(outcome held) noexcept override { slot.destroy(held); }

  // The value; throws what came out instead. Only once done.
  stored<T>& get() {
    if (state() == outcome::value) [[likely]]
      return slot.value();
    std::rethrow_exception(error());
  }

  detail::result<T> slot;

 protected:
  void destroy() noexcept override {
    if (state() == outcome::error && !this->seen()) report_unseen(slot.error());
    delete this;
  }
};

// An owning pointer to a future_core.
template <class Core>
class core_ptr {
 public:
  core_ptr() noexcept = default;
  struct adopt_t {};
  core_ptr(Core* core, adopt_t) noexcept : core_(core) {}
  explicit core_ptr(Core* core) noexcept : core_(core) {
    if (core_ != nullptr) core_->add_ref();
  }
  core_ptr(const core_ptr& other) noexcept : core_ptr(other.core_) {}
  core_ptr(core_ptr&& other) noexcept : core_(std::exchange(other.core_, nullptr)) {}
  template <std::derived_from<Core> Derived>
  core_ptr(core_ptr<Derived> other) noexcept : core_(other.leave()) {}
  core_ptr& operator=(core_ptr other) noexcept {
    std::swap(core_, other.core_);
    return *this;
  }
  ~core_ptr() {
    if (core_ != nullptr) core_->release();
  }

  // Gives up the reference without dropping it.
  Core* leave() noexcept { return std::exchange(core_, nullptr); }
  Core* get() const noexcept { return core_; }
  Core& operator*() const noexcept { return *core_; }
  Core* operator->() const noexcept { return core_; }
  explicit operator bool() const noexcept { return core_ != nullptr; }

 private:
  Core* core_ = nullptr;
};

}  // namespace silk::detail
