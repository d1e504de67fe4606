#include <silk/silk.hpp>

#include <fmt/core.h>

#include <exception>
#include <stdexcept>

using namespace std::chrono_literals;

silk::task<> works() {
  try {
    co_await silk::sleep(1h);
  } catch (...) {
    fmt::print("stopped\n");
    throw;
  }
}

silk::task<> breaks() {
  co_await silk::sleep(10ms);
  throw std::invalid_argument("no such page");
}

void print_failure(const std::exception_ptr& error) try {
  std::rethrow_exception(error);
} catch (const std::invalid_argument& wrong) {
  fmt::print("failed: {}\n", wrong.what());
}

silk::task<> spawns(silk::task_group& group) {
  group.spawn(works());
  group.spawn(breaks());
  co_return;
}

silk::task<> program() {
  try {
    co_await silk::with_task_group(spawns);
  } catch (const silk::exception_group& failed) {
    for (const auto& error : failed.exceptions())
      print_failure(error);
  }
}

int main() {
  silk::run(program(), {.time = silk::time_source::virtual_time});
}

// Prints:
// stopped
// failed: no such page
