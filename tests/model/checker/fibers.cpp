#include "fibers.hpp"

#include <cxxabi.h>
#include <link.h>

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

fibers::fibers(const arena& memory) : memory_(memory) {
  const auto look = [](dl_phdr_info* object, std::size_t, void* data) {
    auto& self = *static_cast<fibers*>(data);
    for (std::size_t i = 0; i < object->dlpi_phnum; ++i) {
      if (object->dlpi_phdr[i].p_type != PT_TLS) continue;
      self.locals_ = static_cast<std::byte*>(object->dlpi_tls_data);
      self.locals_size_ = object->dlpi_phdr[i].p_memsz;
    }
    return 1;  // the program itself comes first: no other
  };
  ::dl_iterate_phdr(look, this);
  for (auto& each : kept_locals_) each.resize(locals_size_);
}

void fibers::remember_locals() { initial_locals_.assign(locals_, locals_ + locals_size_); }

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
  kept_locals_[thread] = initial_locals_;
}

void fibers::switch_to(std::size_t to) {
  const std::size_t from = running_;
  came_from_ = from;
  running_ = to;
  auto* exceptions = reinterpret_cast<exception_state*>(abi::__cxa_get_globals());
  exceptions_[from] = std::exchange(*exceptions, exceptions_[to]);
  std::memcpy(kept_locals_[from].data(), locals_, locals_size_);
  std::memcpy(locals_, kept_locals_[to].data(), locals_size_);
  fiber back = std::move(fiber_in(storage_[to])).resume();
  keep(storage_[came_from_], std::move(back));  // who it was is known only now
}

}  // namespace silk::model
