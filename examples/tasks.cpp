// The four ways to run a task: await it, gather it, spawn it, or run a program with it.
#include <silk/silk.hpp>

#include <fmt/core.h>

#include <string>
#include <vector>

using namespace std::chrono_literals;

//! [task]
silk::task<std::string> fetch(std::string page) {
  co_await silk::sleep(10ms);
  co_return "<" + page + ">";
}
//! [task]

silk::task<> one_after_the_other() {
  //! [await]
  const std::string text = co_await fetch("start");
  //! [await]
  fmt::print("{}\n", text);
}

silk::task<> at_the_same_time() {
  //! [gather]
  const auto [blog, news] = co_await silk::gather(fetch("blog"), fetch("news"));

  std::vector<silk::task<std::string>> many;
  many.reserve(3);
  for (int i = 0; i < 3; ++i) many.push_back(fetch("page-" + std::to_string(i)));
  const std::vector<std::string> pages = co_await silk::gather(std::move(many));
  //! [gather]
  fmt::print("{} {} {}\n", blog, news, pages.back());
}

silk::task<> on_its_own() {
  //! [spawn]
  const auto handle = silk::spawn({.name = "prefetch"}, fetch("next"));
  co_await silk::sleep(1ms);                 // prefetch runs meanwhile
  const std::string text = co_await handle;  // may be awaited more than once, and by several
  //! [spawn]
  fmt::print("{} said {}\n", handle.name(), text);
}

int main() {
  silk::run(one_after_the_other());
  silk::run(at_the_same_time(), {.workers = 2});
  silk::run(on_its_own(), {.time = silk::time_source::virtual_time});
}

// Prints:
// <start>
// <blog> <news> <page-2>
// prefetch said <next>
