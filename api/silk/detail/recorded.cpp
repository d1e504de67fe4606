#include "recorded.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace silk::detail {

namespace {

// Open addressing; nothing ever leaves. A program with more recorded coroutines than there is room for
// has the others shown as if they were not recorded.
class code_table {
 public:
  void enter(const void* code) noexcept {
    for (std::size_t i = 0; i < probes; ++i) {
      slot& at = slot_of(code, i);
      const void* found = at.load(sync::memory_order_relaxed);  // relaxed: compared, nothing else
      if (found == code) return;
      if (found != nullptr) continue;
      // E:recorded-code out
      if (at.compare_exchange_strong(found, code, sync::memory_order_release,
                                     sync::memory_order_relaxed)) {  // relaxed: compared only
        return;
      }
      if (found == code) return;
    }
  }
  bool contains(const void* code) noexcept {
    for (std::size_t i = 0; i < probes; ++i) {
      const void* const found =
          slot_of(code, i).load(sync::memory_order_acquire);  // E:recorded-code in
      if (found == code) return true;
      if (found == nullptr) return false;
    }
    return false;
  }

 private:
  using slot = sync::atomic<const void*>;
  static constexpr std::size_t size = 8192;
  static constexpr std::size_t probes = 64;

  slot& slot_of(const void* code, std::size_t probe) noexcept {
    const std::uint64_t mixed =
        reinterpret_cast<std::uintptr_t>(code) * std::uint64_t{0x9e3779b97f4a7c15};
    return slots_[((mixed >> 32) + probe) % size];
  }

  std::array<slot, size> slots_{};
};

constinit code_table recorded_code;

// The code of the coroutine that `frame` belongs to. Not at its final suspension, and not to be inlined
// into the coroutine: there compilers take the promise for an object of its own.
const void* code_of(promise_base& frame) noexcept {
  return *static_cast<const void* const*>(frame.handle().address());
}

}  // namespace

void begin_recorded(promise_base& frame) noexcept {
  recorded_code.enter(code_of(frame));
  set_innermost(&frame);
}

bool await_pause::is_due() noexcept {
  engine::simulator* const simulated_by = engine::simulator::here();
  return simulated_by != nullptr && engine::current_worker() != nullptr &&
         simulated_by->interrupts_await();
}

// As yield: a cancel of a task above must find its way here.
void await_pause::begin(void* wrapper, void (*then)(void*) noexcept) noexcept {
  awaiter = wrapper;
  go_on = then;
  link_ancestors(*frame.context);
  engine::current_worker()->push_instead_of_me(*this);
}

void await_pause::end(engine::job& self) noexcept {
  auto& here = static_cast<await_pause&>(self);
  set_running(here.frame.context);
  here.go_on(here.awaiter);
  set_running(nullptr);
}

promise_base* await_pause::paused_by(engine::job& item) noexcept {
  return item.run == end ? &static_cast<await_pause&>(item).frame : nullptr;
}

const frame_places* places_of(promise_base& frame) noexcept {
  if (!recorded_code.contains(code_of(frame))) return nullptr;
  const auto* behind = reinterpret_cast<const std::byte*>(&frame) + sizeof(promise_base);
  return reinterpret_cast<const frame_places*>(behind);
}

}  // namespace silk::detail
