#include "fibers.hpp"

#include <cxxabi.h>

#include <boost/context/fiber.hpp>
#include <boost/context/preallocated.hpp>
#include <boost/context/stack_context.hpp>
#include <cstring>
#include <memory>
#include <new>
#include <utility>

namespace silk::model {

namespace {

struct no_deallocation {
  void deallocate(boost::context::stack_context&) noexcept {}
};

using boost::context::fiber;

template <class Slot>
fiber& fiber_in(Slot& slot) noexcept {
  static_assert(sizeof(slot) == sizeof(fiber) && alignof(Slot) == alignof(fiber));
  return *std::launder(reinterpret_cast<fiber*>(slot.bytes));
}

// Over the old one without its destructor, which would unwind a fiber that was left for good.
template <class Slot>
void keep(Slot& slot, fiber&& left) noexcept {
  ::new (slot.bytes) fiber(std::move(left));
}

}  // namespace

void fibers::prepare(std::size_t thread, function body) {
  boost::context::stack_context stack;
  stack.size = arena::stack_bytes;
  stack.sp = memory_.stack(thread) + arena::stack_bytes;
  keep(storage_[thread],
       fiber(std::allocator_arg, boost::context::preallocated(stack.sp, stack.size, stack),
             no_deallocation{}, [this, thread, body](fiber&& back) {
               keep(storage_[came_from_], std::move(back));
               body(thread);
               return fiber();
             }));
  exceptions_[thread] = {};
  for (std::size_t i = 0; i < local_count_; ++i) locals_[i].values[thread] = locals_[i].initial;
}

void fibers::switch_to(std::size_t to) {
  const std::size_t from = running_;
  came_from_ = from;
  running_ = to;
  auto* exceptions = reinterpret_cast<exception_state*>(abi::__cxa_get_globals());
  exceptions_[from] = std::exchange(*exceptions, exceptions_[to]);
  if (local_count_ != 0) exchange_locals(from, to);
  fiber back = std::move(fiber_in(storage_[to])).resume();
  keep(storage_[came_from_], std::move(back));  // who it was is known only now
}

void fibers::exchange_locals(std::size_t from, std::size_t to) noexcept {
  for (std::size_t i = 0; i < local_count_; ++i) {
    local& each = locals_[i];
    std::memcpy(&each.values[from], each.variable, each.size);
    std::memcpy(each.variable, &each.values[to], each.size);
  }
}

void fibers::add_local(void* variable, std::size_t size, std::uint64_t initial) {
  local& added = locals_.at(local_count_);
  added = {variable, size, initial, {}};
  for (std::uint64_t& value : added.values) value = initial;
  ++local_count_;
}

}  // namespace silk::model
