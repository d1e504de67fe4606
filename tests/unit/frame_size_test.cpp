// How large the frame of a sleeping task is, with this compiler. Compiled with -O2 in every build.
#include <silk/silk.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdio>

namespace {

// A task<> whose frame is measured, and is otherwise the same.
struct measured_task {
  struct promise_type;
  silk::task<> task;
};

struct measured_task::promise_type : silk::detail::task_promise<void> {
  static inline std::size_t frame = 0;
  static void* operator new(std::size_t bytes) {
    frame = bytes;
    return promise_base::operator new(bytes);
  }
  static void operator delete(void* memory, std::size_t bytes) noexcept {
    promise_base::operator delete(memory, bytes);
  }
  measured_task get_return_object() noexcept { return {task_promise::get_return_object()}; }
};

measured_task sleeps() { co_await silk::sleep(std::chrono::seconds(1)); }

TEST(frame_size, of_a_sleeping_task_is_small) {
  silk::run(sleeps().task, {.workers = 1, .time = silk::time_source::virtual_time});
  const std::size_t frame = measured_task::promise_type::frame;
  const std::size_t slot = sizeof(silk::detail::fork_slot<void>);
#if defined(__clang__)
  constexpr const char* compiler = "Clang";
  constexpr std::size_t most = 96;
#else
  constexpr const char* compiler = "GCC";
  constexpr std::size_t most = 128;
#endif
  std::printf("%s: frame of a sleeping task %zu bytes, its slot in a gather %zu bytes\n", compiler,
              frame, slot);
  EXPECT_LE(frame, most);
  EXPECT_LE(frame + slot, std::size_t{160});  // with all that a sleeping child of gather takes
}

}  // namespace
