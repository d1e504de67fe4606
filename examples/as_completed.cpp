// Results in the order in which they come.
#include <silk/silk.hpp>

#include <fmt/core.h>

#include <string>
#include <vector>

using namespace std::chrono_literals;

silk::task<std::string> fetches(std::string site, silk::duration distance) {
  co_await silk::sleep(distance);
  co_return site;
}

//! [slots]
silk::task<> shows(std::vector<silk::task<std::string>> pages) {
  for (auto page : silk::as_completed(std::move(pages))) {
    const std::string site = co_await page;
    fmt::print("{} is here\n", site);
  }
}
//! [slots]

silk::task<> program() {
  std::vector<silk::task<std::string>> pages;
  pages.push_back(fetches("Blog", 30ms));
  pages.push_back(fetches("News", 10ms));
  pages.push_back(fetches("Forum", 20ms));
  co_await shows(std::move(pages));

  //! [handles]
  const std::vector mirrors{silk::spawn(fetches("Oslo", 30ms)), silk::spawn(fetches("Lima", 10ms)),
                            silk::spawn(fetches("Perth", 2h))};
  auto completed = silk::as_completed(mirrors, {.timeout = 1s});
  try {
    for (;;) {
      const auto done = co_await completed.next();  // the very handle, and it is done
      if (!done) break;
      fmt::print("{} has answered\n", done->result());
    }
  } catch (const silk::timeout_error&) {
    fmt::print("the others take too long\n");
  }
  //! [handles]
}

int main() { silk::run(program(), {.time = silk::time_source::virtual_time}); }

// Prints:
// News is here
// Forum is here
// Blog is here
// Lima has answered
// Oslo has answered
// the others take too long
