// A failure is never silent: it arrives where somebody waits, or at the runtime's handler.
#include <silk/silk.hpp>

#include <fmt/core.h>

#include <stdexcept>

using namespace std::chrono_literals;

silk::task<int> fails() {
  co_await silk::sleep(1ms);
  throw std::runtime_error("no such page");
}

silk::task<int> takes_long() {
  co_await silk::sleep(1h);
  co_return 42;
}

silk::task<> program() {
  //! [gather]
  try {
    co_await silk::gather(fails(), takes_long());  // cancels takes_long and waits for its end
  } catch (const std::exception& error) {
    fmt::print("gather: {}\n", error.what());
  }
  //! [gather]

  //! [settled]
  const auto [failed, fine] = co_await silk::gather_settled(fails(), takes_long());
  fmt::print("failed: {}, the other one: {}\n", failed.exception() != nullptr, fine.value());
  //! [settled]

  silk::spawn({.name = "prefetch"}, fails());  // nobody keeps the handle: the handler is told
  co_await silk::sleep(1s);
}

//! [handler]
void log_failure(const silk::failure& failure) {
  fmt::print("nobody retrieved the failure of {}\n", failure.task_name);
}

int main() {
  silk::run(program(), {.time = silk::time_source::virtual_time, .on_failure = log_failure});
}
//! [handler]

// Prints:
// gather: no such page
// failed: true, the other one: 42
// nobody retrieved the failure of prefetch
