#include <silk/silk.hpp>

#include <fmt/core.h>

#include <string>

using namespace std::chrono_literals;

silk::task<std::string> spider(std::string site,
                               silk::duration rest) {
  for (int page = 1; page < 3; ++page) {
    co_await silk::sleep(rest);
    fmt::print("{} {}\n", site, page);
  }
  co_return site;
}

silk::task<> program() {
  const auto [blog, news] = co_await silk::gather(
      spider("Blog", 20ms), spider("News", 30ms));
  fmt::print("seen: {} {}\n", blog, news);
}

int main() {
  silk::run(program(), {.time = silk::time_source::virtual_time});
}

// Prints:
// Blog 1
// News 1
// Blog 2
// News 2
// seen: Blog News
