// fibers: the virtual threads of an execution, each with a stack of its own, on one OS thread.
//
// A fiber that is left for good is not unwound: nothing of it outlives the execution but what the arena
// drops anyway.
#pragma once

#include "arena.hpp"

#include <array>
#include <cstddef>

namespace silk::model {

class fibers {
 public:
  static constexpr std::size_t host = max_threads;  // the caller of explore()

  explicit fibers(const arena& memory) noexcept : memory_(memory) {}

  using function = void (*)(std::size_t thread) noexcept;  // does not return
  void prepare(std::size_t thread, function body);
  void switch_to(std::size_t to);

  // A thread_local variable of up to 8 bytes: each virtual thread has its own value, `initial` at first.
  void add_local(void* variable, std::size_t size, std::uint64_t initial);
  void clear_locals() noexcept { local_count_ = 0; }
  bool is_local(const void* memory) const noexcept {
    for (std::size_t i = 0; i < local_count_; ++i) {
      if (locals_[i].variable == memory) return true;
    }
    return false;
  }

 private:
  struct local {
    void* variable;
    std::size_t size;
    std::uint64_t initial;
    std::array<std::uint64_t, max_threads + 1> values;
  };
  // What the C++ runtime keeps per OS thread: exceptions being handled.
  struct exception_state {
    void* caught = nullptr;
    unsigned uncaught = 0;
  };

  void exchange_locals(std::size_t from, std::size_t to) noexcept;
  // A boost::context::fiber, which this header does not want to name.
  struct alignas(void*) slot {
    std::byte bytes[sizeof(void*)];
  };

  const arena& memory_;
  std::array<slot, max_threads + 1> storage_;
  std::array<exception_state, max_threads + 1> exceptions_{};
  std::array<local, 4> locals_{};
  std::size_t local_count_ = 0;
  std::size_t running_ = host;
  std::size_t came_from_ = host;
};

}  // namespace silk::model
