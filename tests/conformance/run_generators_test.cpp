#include "row.hpp"

#include <atomic>

namespace {

using namespace silk_conformance;

struct held {
  explicit held(std::atomic<int>& alive) : alive_(alive) { ++alive_; }
  held(const held&) = delete;
  held& operator=(const held&) = delete;
  ~held() { --alive_; }

 private:
  std::atomic<int>& alive_;
};

silk::generator<int> endless(std::atomic<int>& alive) {
  const held here(alive);
  for (int n = 0;; ++n) {
    co_await silk::sleep(1s);
    co_yield n;
  }
}

// One that waits for more, and one that stands at its co_yield while its task waits for something else.
ROW(run, async_generators_closed) {
  std::atomic<int> alive = 0;
  run([&]() -> silk::task<> {
    static_cast<void>(silk::spawn([](std::atomic<int>& count) -> silk::task<> {
      silk::generator<int> source = endless(count);
      for (;;) co_await source.next();
    }(alive)));
    static_cast<void>(silk::spawn([](std::atomic<int>& count) -> silk::task<> {
      silk::generator<int> source = endless(count);
      co_await source.next();
      co_await silk::sleep(10'000h);
    }(alive)));
    co_await silk::sleep(2500ms);
    EXPECT_EQ(alive, 2);
  });
  EXPECT_EQ(alive, 0);
}

}  // namespace
