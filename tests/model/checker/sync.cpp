#include "sync.hpp"

#include <cstring>

namespace silk::model {

namespace {

// Outside of executions there is one thread: plain variables will do.
std::uint64_t raw(const atomic_object& of) noexcept {
  std::uint64_t value = 0;
  std::memcpy(&value, of.address, of.size);
  return value;
}

void set_raw(const atomic_object& of, std::uint64_t value) noexcept {
  std::memcpy(const_cast<void*>(of.address), &value, of.size);
}

}  // namespace

std::uint64_t load(atomic_object from, std::memory_order order, std::source_location where) {
  if (!execution::in_thread()) return raw(from);
  return execution::the().load(from, order, where);
}

void store(atomic_object to, std::uint64_t value, std::memory_order order,
           std::source_location where) {
  if (!execution::in_thread()) return set_raw(to, value);
  execution::the().store(to, value, order, where);
}

std::uint64_t update(atomic_object at, update_kind kind, std::uint64_t operand,
                     std::memory_order order, std::source_location where) {
  if (execution::in_thread()) return execution::the().update(at, kind, operand, order, where);
  const std::uint64_t old = raw(at);
  set_raw(at, result_of(kind, old, operand));
  return old;
}

bool compare_exchange(atomic_object at, std::uint64_t& expected, memory::comparison with,
                      std::source_location where) {
  if (execution::in_thread()) {
    return execution::the().compare_exchange(at, expected, with, where);
  }
  if (raw(at) == expected) return set_raw(at, with.desired), true;
  expected = raw(at);
  return false;
}

void constructed(const void* object, std::size_t size) noexcept {
  if (execution::in_thread())
    execution::the().plain_access(object, size, true, __builtin_return_address(0));
}

void lock(lock_state& at, std::source_location where) {
  if (execution::in_thread()) execution::the().lock(at, where);
}

bool try_lock(lock_state& at, std::source_location where) {
  return !execution::in_thread() || execution::the().try_lock(at, where);
}

void unlock(lock_state& at, std::source_location where) {
  if (execution::in_thread()) execution::the().unlock(at, where);
}

void condition_variable::notify_one(place where) noexcept {
  if (execution::in_thread()) execution::the().wake(&nothing_, 1, where);
}

void condition_variable::notify_all(place where) noexcept {
  if (execution::in_thread())
    execution::the().wake(&nothing_, static_cast<int>(max_threads), where);
}

void condition_variable::wait(std::unique_lock<mutex>& held, place where) {
  static_cast<void>(sleep(held, execution::never, where));
}

bool condition_variable::sleep(std::unique_lock<mutex>& held, std::uint64_t deadline, place where) {
  return execution::the().sleep_on(&nothing_, held.mutex()->state_, deadline, where);
}

thread::thread(const std::function<void()>* body) : id_(execution::the().spawn(body)) {}

thread& thread::operator=(thread&& other) noexcept {
  check_not_joinable();
  id_ = std::exchange(other.id_, nobody);
  return *this;
}

thread::~thread() { check_not_joinable(); }

void thread::check_not_joinable() const noexcept {
  if (joinable() && execution::in_thread()) {
    execution::the().broken("a thread is dropped that was not joined", __FILE__, __LINE__);
  }
}

void thread::join(std::source_location where) {
  execution::the().join(bit_of(id_), where);
  id_ = nobody;
}

}  // namespace silk::model

namespace silk::scheduler::sync {

using model::execution;

void cpu_relax(place where) noexcept { give_way(where); }

void give_way(place where) noexcept {
  if (execution::in_thread()) execution::the().yield(where);
}

void fence(std::memory_order order, place where) noexcept {
  if (execution::in_thread()) execution::the().fence(order, where);
}

void full_fence(place where) noexcept { fence(memory_order_seq_cst, where); }

void light_fence(place where) noexcept {
  if (execution::in_thread()) execution::the().light_fence(where);
}

bool fences_are_asymmetric() noexcept {
  return execution::in_thread() && execution::the().fences_are_asymmetric();
}

void heavy_fence(place where) noexcept {
  if (execution::in_thread()) execution::the().heavy_fence(where);
}

void futex_wait(atomic<std::uint32_t>& word, std::uint32_t expected, place where) noexcept {
  static_cast<void>(execution::the().sleep_while(word.object(), expected, execution::never, where));
}

void futex_wait_until(atomic<std::uint32_t>& word, std::uint32_t expected,
                      std::uint64_t deadline_ns, place where) noexcept {
  static_cast<void>(execution::the().sleep_while(word.object(), expected, deadline_ns, where));
}

void futex_wake(atomic<std::uint32_t>& word, int count, place where) noexcept {
  if (execution::in_thread()) execution::the().wake(word.object().address, count, where);
}

}  // namespace silk::scheduler::sync
