#include <silk/silk.hpp>

#include <fmt/core.h>

using namespace std::chrono_literals;

silk::task<> spider(std::string site) {
  for (int page = 1; page < 4; ++page) {
    co_await silk::sleep(1s);
    fmt::print("{} {}\n", site, page);
  }
}

int main() {
  silk::run([]() -> silk::task<> {
    co_await silk::gather(spider("Blog"), spider("News"), spider("Forum"));
  });
}
