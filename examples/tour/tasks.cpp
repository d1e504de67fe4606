#include <silk/silk.hpp>

#include <fmt/core.h>

#include <string>

using namespace std::chrono_literals;

silk::task<std::string> fetch(std::string page) {
  co_await silk::sleep(10ms);
  co_return "<" + page + ">";
}

silk::task<> program() {
  const auto task =
      silk::spawn({.name = "prefetch"}, fetch("start"));
  fmt::print("meanwhile\n");
  const std::string text = co_await task;
  fmt::print("{} gave {}\n", task.name(), text);
}

int main() { silk::run(program()); }

// Prints:
// meanwhile
// prefetch gave <start>
