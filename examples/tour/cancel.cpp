#include <silk/silk.hpp>

#include <fmt/core.h>

#include <exception>

using namespace std::chrono_literals;

silk::task<> serve() {
  std::exception_ptr stopped;
  try {
    co_await silk::sleep(1h);
  } catch (const silk::cancelled& stop) {
    fmt::print("cleaning up: {}\n", stop.reason());
    stopped = std::current_exception();
  }
  if (stopped !=
      nullptr) {  // C++ has no co_await inside of catch
    co_await silk::sleep(10ms);
    std::rethrow_exception(stopped);
  }
}

silk::task<> program() {
  const auto task = silk::spawn(serve());
  co_await silk::sleep(10ms);
  task.cancel("enough");
  try {
    co_await task;
  } catch (const silk::cancelled&) {
    fmt::print("cancelled\n");
  }
}

int main() {
  silk::run(program(), {.time = silk::time_source::virtual_time});
}

// Prints:
// cleaning up: enough
// cancelled
