#include <silk/silk.hpp>

#include <fmt/core.h>

#include <string>
#include <thread>

using namespace std::chrono_literals;

std::size_t look_up(const std::string& name) {
  std::this_thread::sleep_for(10ms);
  return name.size();
}

silk::task<> program() {
  const auto [blog, forum] =
      co_await silk::gather(silk::to_thread(look_up, "blog"),
                            silk::to_thread(look_up, "forum"));
  fmt::print("{} {}\n", blog, forum);
}

int main() { silk::run(program()); }

// Prints:
// 4 5
