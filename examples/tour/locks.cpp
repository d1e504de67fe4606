#include <silk/silk.hpp>

#include <fmt/core.h>

#include <functional>
#include <string>
#include <vector>

using texts = std::vector<std::string>;

silk::task<> read_pages(silk::condition& changed,
                        const texts& pages, silk::event& done) {
  const auto two_pages = [&] { return pages.size() == 2; };
  {
    const auto hold = co_await changed.scoped();
    co_await changed.wait(two_pages);
    fmt::print("pages: {} {}\n", pages[0], pages[1]);
  }
  done.set();
}

silk::task<> program() {
  silk::mutex lock;
  silk::condition changed(lock);
  silk::event done;
  texts pages;
  const auto reader =
      silk::spawn(read_pages, std::ref(changed), std::cref(pages),
                  std::ref(done));
  for (const char* page : {"blog", "news"}) {
    const auto hold = co_await lock.scoped();
    pages.push_back(page);
    changed.notify();
  }
  co_await done.wait();
  fmt::print("done\n");
  co_await reader;
}

int main() { silk::run(program()); }

// Prints:
// pages: blog news
// done
