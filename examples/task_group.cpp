// A task group: whatever happens, no task outlives the scope that started it.
#include <silk/silk.hpp>

#include <fmt/core.h>

#include <stdexcept>

using namespace std::chrono_literals;

silk::task<> works(int number) {
  try {
    co_await silk::sleep(number * 1s);
    fmt::print("{} done\n", number);
  } catch (const silk::cancelled&) {
    fmt::print("{} cancelled\n", number);
    throw;
  }
}

silk::task<> breaks() {
  co_await silk::sleep(1500ms);
  throw std::runtime_error("out of paper");
}

silk::task<> program() {
  //! [group]
  try {
    co_await silk::with_task_group([](silk::task_group& group) -> silk::task<> {
      group.spawn(works(1));
      group.spawn(works(2));  // still at work when breaks() fails
      group.spawn(breaks());
      co_return;
    });
  } catch (const silk::exception_group& failed) {
    fmt::print("{}\n", failed.what());
  }
  //! [group]
}

int main() { silk::run(program(), {.time = silk::time_source::virtual_time}); }

// Prints:
// 1 done
// 2 cancelled
// a task group has failed (1 exception)
