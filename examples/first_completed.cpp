// A race: wait for the first of several tasks, then cancel the rest.
#include <silk/silk.hpp>

#include <fmt/core.h>

#include <string>
#include <vector>

using namespace std::chrono_literals;

silk::task<std::string> asks(std::string mirror, silk::duration distance) {
  co_await silk::sleep(distance);
  co_return mirror;
}

silk::task<> program() {
  //! [wait]
  std::vector<silk::join_handle<std::string>> mirrors;
  mirrors.push_back(silk::spawn(asks("Oslo", 30ms)));
  mirrors.push_back(silk::spawn(asks("Lima", 20ms)));
  mirrors.push_back(silk::spawn(asks("Perth", 90ms)));

  const auto [done, pending] =
      co_await silk::wait(mirrors, {.return_when = silk::first_completed, .timeout = 1s});
  for (const auto& late : pending) late.cancel();
  if (!done.empty()) fmt::print("{} was first\n", done.front().result());
  //! [wait]
  fmt::print("{} were cancelled\n", pending.size());
}

int main() { silk::run(program(), {.time = silk::time_source::virtual_time}); }

// Prints:
// Lima was first
// 2 were cancelled
