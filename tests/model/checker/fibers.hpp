// fibers: the virtual threads of an execution, each with a stack of its own, on one OS thread.
//
// A fiber that is left for good is not unwound: nothing of it outlives the execution but what the arena
// drops anyway.
#pragma once

#include "arena.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace silk::model {

class fibers {
 public:
  static constexpr std::size_t host = max_threads;  // the caller of explore()

  explicit fibers(const arena& memory);

  using function = void (*)(std::size_t thread) noexcept;  // does not return
  void prepare(std::size_t thread, function body);
  void switch_to(std::size_t to);

  // The thread_local variables of the program are now as each virtual thread finds them at its start.
  void remember_locals();
  bool is_local(const void* memory) const noexcept {
    return reinterpret_cast<std::uintptr_t>(memory) - reinterpret_cast<std::uintptr_t>(locals_) <
           locals_size_;
  }

 private:
  // What the C++ runtime keeps per OS thread: exceptions being handled.
  struct exception_state {
    void* caught = nullptr;
    unsigned uncaught = 0;
  };

  // A boost::context::fiber, which this header does not want to name.
  struct alignas(void*) slot {
    std::byte bytes[sizeof(void*)];
  };

  const arena& memory_;
  std::array<slot, max_threads + 1> storage_;
  std::array<exception_state, max_threads + 1> exceptions_{};
  // The program's block of thread_local variables; those of shared libraries are not exchanged.
  std::byte* locals_ = nullptr;
  std::size_t locals_size_ = 0;
  std::vector<std::byte> initial_locals_;
  std::array<std::vector<std::byte>, max_threads + 1> kept_locals_;
  std::size_t running_ = host;
  std::size_t came_from_ = host;
};

}  // namespace silk::model
