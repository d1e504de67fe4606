// fork_join and parallel loops: plain functions on the workers that the tasks run on.
#include <silk/silk.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <span>
#include <vector>

using namespace std::chrono_literals;

//! [sort]
void sort(std::span<int> values) {
  if (values.size() <= 1000) {
    std::ranges::sort(values);
    return;
  }
  const std::size_t half = values.size() / 2;
  std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(half));
  silk::fork_join([=] { sort(values.first(half)); }, [=] { sort(values.subspan(half)); });
}
//! [sort]

//! [loops]
silk::task<> loops(std::vector<int>& values) {
  silk::parallel_for(0, values.size(), [&](std::size_t i) {
    values[i] = static_cast<int>(i * 7919 % values.size());
  });
  sort(values);
  const auto sum = silk::parallel_reduce(
      values.begin(), values.end(), 0L, [](int each) { return long{each}; }, std::plus<>());
  fmt::print("sorted: {}, sum: {}\n", std::ranges::is_sorted(values), sum);
  co_return;
}
//! [loops]

// The task that computes does not keep the others from running.
silk::task<> ticks(const bool& over) {
  while (!over) co_await silk::sleep(1ms);
  fmt::print("ticked meanwhile\n");
}

silk::task<> together() {
  std::vector<int> values(100'003);
  bool over = false;
  auto clock = silk::spawn(ticks(over));
  co_await silk::spawn([&]() -> silk::task<> { return loops(values); });
  over = true;
  co_await clock;
}

int main() { silk::run(together(), {.workers = 1}); }

// Prints:
// sorted: true, sum: 5000250003
// ticked meanwhile
