// sync: the names of scheduler/sync.hpp, for code under the checker (SILK_MODEL).
//
// Outside an execution the atomic objects are plain variables: only one thread is there then.
#pragma once

#include "execution.hpp"

#include <atomic>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <source_location>
#include <type_traits>
#include <utility>

#define SILK_THREAD_SANITIZER 0

namespace silk::model {

// Out of line: the checker's own accesses are not those of the code under test.
std::uint64_t load(atomic_object from, std::memory_order order, std::source_location where);
void store(atomic_object to, std::uint64_t value, std::memory_order order,
           std::source_location where);
std::uint64_t update(atomic_object at, update_kind kind, std::uint64_t operand,
                     std::memory_order order, std::source_location where);
bool compare_exchange(atomic_object at, std::uint64_t& expected, memory::comparison with,
                      std::source_location where);
// A constructor has written here.
void constructed(const void* object, std::size_t size) noexcept;

constexpr std::memory_order failure_order(std::memory_order success) noexcept {
  if (success == std::memory_order_acq_rel) return std::memory_order_acquire;
  if (success == std::memory_order_release) return std::memory_order_relaxed;
  return success;
}

template <class T>
class atomic {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= 8);
  using place = std::source_location;
  using order = std::memory_order;
  static constexpr order ordered = std::memory_order_seq_cst;

 public:
  using value_type = T;
  static constexpr bool is_always_lock_free = true;

  constexpr atomic() noexcept : atomic(T{}) {}
  // Told to the checker by hand: the compiler may make one memset of many, and tell of none.
  [[gnu::no_sanitize("thread")]] constexpr atomic(T value) noexcept : value_(value) {
    if (!std::is_constant_evaluated()) constructed(this, sizeof(T));
  }
  atomic(const atomic&) = delete;
  atomic& operator=(const atomic&) = delete;

  T load(order how = ordered, place where = place::current()) const noexcept {
    return from_bits(model::load(object(), how, where));
  }
  void store(T value, order how = ordered, place where = place::current()) noexcept {
    model::store(object(), to_bits(value), how, where);
  }

  bool compare_exchange_weak(T& expected, T desired, order success, order failure,
                             place where = place::current()) noexcept {
    return replace(expected, {0, to_bits(desired), success, failure, true}, where);
  }
  bool compare_exchange_strong(T& expected, T desired, order success, order failure,
                               place where = place::current()) noexcept {
    return replace(expected, {0, to_bits(desired), success, failure, false}, where);
  }
  bool compare_exchange_weak(T& expected, T desired, order how = ordered,
                             place where = place::current()) noexcept {
    return compare_exchange_weak(expected, desired, how, failure_order(how), where);
  }
  bool compare_exchange_strong(T& expected, T desired, order how = ordered,
                               place where = place::current()) noexcept {
    return compare_exchange_strong(expected, desired, how, failure_order(how), where);
  }

  T exchange(T value, order how = ordered, place where = place::current()) noexcept {
    return change(update_kind::exchange, value, how, where);
  }
  T fetch_add(T operand, order how = ordered, place where = place::current()) noexcept {
    return change(update_kind::add, operand, how, where);
  }
  T fetch_sub(T operand, order how = ordered, place where = place::current()) noexcept {
    return change(update_kind::subtract, operand, how, where);
  }
  T fetch_and(T operand, order how = ordered, place where = place::current()) noexcept {
    return change(update_kind::bit_and, operand, how, where);
  }
  T fetch_or(T operand, order how = ordered, place where = place::current()) noexcept {
    return change(update_kind::bit_or, operand, how, where);
  }
  T fetch_xor(T operand, order how = ordered, place where = place::current()) noexcept {
    return change(update_kind::bit_xor, operand, how, where);
  }

  atomic_object object() const noexcept { return {this, sizeof(T)}; }

 private:
  static std::uint64_t to_bits(T value) noexcept {
    std::uint64_t bits = 0;
    __builtin_memcpy(&bits, &value, sizeof(T));
    return bits;
  }
  static T from_bits(std::uint64_t bits) noexcept {
    T value;
    __builtin_memcpy(&value, &bits, sizeof(T));
    return value;
  }
  T change(update_kind kind, T operand, order how, place where) noexcept {
    return from_bits(model::update(object(), kind, to_bits(operand), how, where));
  }
  bool replace(T& expected, memory::comparison with, place where) noexcept {
    with.expected = to_bits(expected);
    std::uint64_t bits = with.expected;
    const bool done = model::compare_exchange(object(), bits, with, where);
    if (!done) expected = from_bits(bits);
    return done;
  }

  T value_;  // at first, and outside of executions
};

void lock(lock_state& at, std::source_location where);
bool try_lock(lock_state& at, std::source_location where);
void unlock(lock_state& at, std::source_location where);

// std::mutex, and spinlock: what a spinning thread reads meanwhile makes no difference to others.
class mutex {
  using place = std::source_location;

 public:
  mutex() noexcept { constructed(&state_, sizeof(state_)); }
  mutex(const mutex&) = delete;
  mutex& operator=(const mutex&) = delete;

  void lock(place where = place::current()) noexcept { model::lock(state_, where); }
  bool try_lock(place where = place::current()) noexcept { return model::try_lock(state_, where); }
  void unlock(place where = place::current()) noexcept { model::unlock(state_, where); }

 private:
  friend class condition_variable;
  lock_state state_;
};

// Which of several sleepers notify_one wakes is a choice.
class condition_variable {
  using place = std::source_location;

 public:
  condition_variable() noexcept = default;
  condition_variable(const condition_variable&) = delete;
  condition_variable& operator=(const condition_variable&) = delete;

  void notify_one(place where = place::current()) noexcept;
  void notify_all(place where = place::current()) noexcept;
  void wait(std::unique_lock<mutex>& held, place where = place::current());
  template <class Predicate>
    requires std::predicate<Predicate>
  void wait(std::unique_lock<mutex>& held, Predicate holds, place where = place::current()) {
    while (!holds()) wait(held, where);
  }
  template <class Duration, class Predicate>
  bool wait_until(std::unique_lock<mutex>& held,
                  std::chrono::time_point<std::chrono::steady_clock, Duration> deadline,
                  Predicate holds, place where = place::current()) {
    const auto until = static_cast<std::uint64_t>(
        std::chrono::ceil<std::chrono::nanoseconds>(deadline.time_since_epoch()).count());
    while (!holds()) {
      if (!sleep(held, until, where)) return holds();
    }
    return true;
  }

 private:
  bool sleep(std::unique_lock<mutex>& held, std::uint64_t deadline, place where);
  char nothing_ = 0;  // an address of its own
};

class thread {
 public:
  thread() noexcept = default;
  template <class Function>
    requires std::invocable<Function>
  explicit thread(Function body) : thread(new std::function<void()>(std::move(body))) {}
  thread(thread&& other) noexcept : id_(std::exchange(other.id_, nobody)) {}
  thread& operator=(thread&& other) noexcept;
  ~thread();

  bool joinable() const noexcept { return id_ != nobody; }
  void join(std::source_location where = std::source_location::current());
  using native_handle_type = unsigned long;  // as pthread_t: blocking_pool compares it
  native_handle_type native_handle() noexcept { return id_; }
  static unsigned hardware_concurrency() noexcept { return 2; }

 private:
  static constexpr thread_id nobody = max_threads;
  explicit thread(const std::function<void()>* body);
  void check_not_joinable() const noexcept;

  thread_id id_ = nobody;
};

}  // namespace silk::model

namespace silk::scheduler::sync {

template <class T>
using atomic = model::atomic<T>;
using model::condition_variable;
using model::mutex;
using model::thread;
using spinlock = model::mutex;
using std::lock_guard;
using std::unique_lock;

using std::memory_order_acq_rel;
using std::memory_order_acquire;
using std::memory_order_relaxed;
using std::memory_order_release;
using std::memory_order_seq_cst;

// Nothing is gained by distance here, and executions are cheaper without.
inline constexpr std::size_t no_sharing = 16;

// Small, so that they overflow and wrap around.
inline constexpr std::size_t ring_capacity = 4;
inline constexpr std::size_t crowd_of_timers = 2;
inline constexpr std::uint32_t branch_capacity = 4;
inline constexpr std::uint32_t children_at_once = 2;
inline constexpr std::uint32_t pops_until_calm = 1;

using place = std::source_location;

void cpu_relax(place where = place::current()) noexcept;
void give_way(place where = place::current()) noexcept;
void full_fence(place where = place::current()) noexcept;
inline void prepare_fences() noexcept {}
void light_fence(place where = place::current()) noexcept;
void heavy_fence(place where = place::current()) noexcept;
bool fences_are_asymmetric() noexcept;
inline void compiler_fence(place where = place::current()) noexcept { light_fence(where); }
void futex_wait(atomic<std::uint32_t>& word, std::uint32_t expected,
                place where = place::current()) noexcept;
void futex_wait_until(atomic<std::uint32_t>& word, std::uint32_t expected,
                      std::uint64_t deadline_ns, place where = place::current()) noexcept;
void futex_wake(atomic<std::uint32_t>& word, int count, place where = place::current()) noexcept;
// Of other orders than seq_cst; the engine has no use for them, tests of the checker have.
void fence(std::memory_order order, place where = place::current()) noexcept;

}  // namespace silk::scheduler::sync
