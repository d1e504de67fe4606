#include <silk/silk.hpp>

#include <fmt/core.h>

#include <string>
#include <vector>

using namespace std::chrono_literals;

silk::task<std::string> ask(std::string mirror,
                            silk::duration distance) {
  co_await silk::sleep(distance);
  co_return mirror;
}

silk::task<> program() {
  std::vector<silk::join_handle<std::string>> tasks;
  tasks.push_back(silk::spawn(ask("Oslo", 40ms)));
  tasks.push_back(silk::spawn(ask("Lima", 10ms)));

  const auto [done, pending] = co_await silk::wait(
      tasks, {.return_when = silk::first_completed});
  for (const auto& late : pending) late.cancel();
  for (const auto& first : done)
    fmt::print("first: {}\n", first.result());
}

int main() {
  silk::run(program(), {.time = silk::time_source::virtual_time});
}

// Prints:
// first: Lima
