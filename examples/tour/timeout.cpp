#include <silk/silk.hpp>

#include <fmt/core.h>

#include <string>

using namespace std::chrono_literals;

silk::task<std::string> fetch(silk::duration distance) {
  co_await silk::sleep(distance);
  co_return "page";
}

silk::task<> program() {
  const std::string text =
      co_await silk::with_timeout(10s, fetch(10ms));
  fmt::print("in time: {}\n", text);
  try {
    co_await silk::with_timeout(10ms, fetch(10s));
  } catch (const silk::timeout_error&) {
    fmt::print("too late\n");
  }
}

int main() { silk::run(program()); }

// Prints:
// in time: page
// too late
