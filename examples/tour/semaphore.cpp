#include <silk/silk.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

int active = 0;  // one worker: tasks take turns, as in asyncio
int most = 0;

silk::task<> visit(silk::semaphore& limit) {
  const auto permit = co_await limit.scoped();
  active += 1;
  most = std::max(most, active);
  co_await silk::sleep(10ms);
  active -= 1;
}

silk::task<> program() {
  silk::semaphore limit(2);
  std::vector<silk::task<>> visits;
  visits.reserve(6);
  for (int i = 0; i < 6; ++i) visits.push_back(visit(limit));
  co_await silk::gather(std::move(visits));
  fmt::print("at most {} at a time\n", most);
}

int main() { silk::run(program(), {.workers = 1}); }

// Prints:
// at most 2 at a time
