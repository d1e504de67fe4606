// costs: runs one verb of silk again and again, for valgrind to count its instructions (costs.py).
//
//   costs               lists the verbs
//   costs VERB COUNT    runs it COUNT times; prints the calls of operator new, and KiB resident at most
//
// One worker and virtual time, so that two runs take the same course.
#include "../harness/allocations.hpp"

#include <silk/silk.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <ranges>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;

silk::task<long> give(long number) { co_return number; }
silk::task<> nothing() { co_return; }
silk::task<> naps() { co_await silk::sleep(1s); }

silk::task<> call(long count) {
  for (long i = 0; i < count; ++i) co_await nothing();
}

silk::task<> gather_two(long count) {
  for (long i = 0; i < count; ++i) co_await silk::gather(give(1), give(2));
}

silk::task<> gather_range(long count) {
  co_await silk::gather(std::views::iota(0l, count) | std::views::transform(give));
}

silk::task<> fork_join_two(long count) {
  for (long i = 0; i < count; ++i) silk::fork_join([] {}, [] {});
  co_return;
}

// Apart from the coroutine, in which Clang would not make vector code of it.
[[gnu::noinline]] void add_in_parallel(std::array<long, 1'024>& sums,
                                       const std::array<long, 1'024>& more) {
  silk::parallel_for(std::size_t{0}, sums.size(), [&](std::size_t i) { sums[i] += more[i]; },
                     {.grain = 256});
}

silk::task<> parallel_for(long count) {
  static std::array<long, 1'024> sums, more;
  for (long left = count; left > 0; left -= static_cast<long>(sums.size()))
    add_in_parallel(sums, more);
  co_return;
}

silk::task<> spawn_join(long count) {
  for (long i = 0; i < count; ++i) {
    const auto handle = silk::spawn(nothing());
    co_await handle;
  }
}

silk::task<> yield(long count) {
  for (long i = 0; i < count; ++i) co_await silk::yield();
}

silk::task<> post(long count) {
  for (long i = 0; i < count; ++i) silk::runtime::current().post([] {});
  co_await silk::yield();
}

silk::task<> future_done(long count) {
  silk::promise<long> made;
  const silk::future<long> done = made.get_future();
  made.set_value(1);
  for (long i = 0; i < count; ++i) co_await done;
}

silk::task<> hand_off(long count) {
  for (long i = 0; i < count; ++i) {
    silk::promise<long> made;
    const silk::future<long> awaited = made.get_future();
    const auto set = [&]() -> silk::task<> {
      made.set_value(1);
      co_return;
    };
    const auto get = [&]() -> silk::task<> { co_await awaited; };
    co_await silk::gather(get(), set());
  }
}

silk::task<> sleep(long count) {
  const auto naps_too = [](long) { return naps(); };
  co_await silk::gather(std::views::iota(0l, count) | std::views::transform(naps_too));
}

silk::task<> spawned_sleep(long count) {
  std::vector<silk::join_handle<>> all;
  all.reserve(static_cast<std::size_t>(count));
  for (long i = 0; i < count; ++i) all.push_back(silk::spawn(naps()));
  for (const auto& each : all) co_await each;
}

silk::task<> timeout(long count) {
  for (long i = 0; i < count; ++i) co_await silk::with_timeout(1h, nothing());
}

silk::task<> cancel(long count) {
  for (long i = 0; i < count; ++i) {
    const auto handle = silk::spawn(naps());
    co_await silk::yield();
    handle.cancel();
    co_await silk::gather_settled(handle);
  }
}

silk::task<> mutex(long count) {
  silk::mutex lock;
  for (long i = 0; i < count; ++i) const auto hold = co_await lock.scoped();
}

silk::task<> queue(long count) {
  silk::queue<long> items(4);
  for (long i = 0; i < count; ++i) {
    co_await items.put(i);
    co_await items.get();
  }
}

// There and back again, each time through a task that waits.
silk::task<> channel(long count) {
  silk::queue<long> there(1), back(1);
  const auto answers = [&]() -> silk::task<> {
    for (long i = 0; i < count; ++i) {
      const long item = co_await there.get();
      co_await back.put(item);
    }
  };
  const auto asks = [&]() -> silk::task<> {
    for (long i = 0; i < count; ++i) {
      co_await there.put(i);
      co_await back.get();
    }
  };
  co_await silk::gather(asks(), answers());
}

silk::task<> select_two(long count) {
  for (long i = 0; i < count; ++i) co_await silk::select(nothing(), silk::sleep(1h));
}

silk::task<> wait_two(long count) {
  for (long i = 0; i < count; ++i) {
    const std::vector<silk::join_handle<>> both{silk::spawn(nothing()), silk::spawn(nothing())};
    const auto result = co_await silk::wait(both);
  }
}

silk::task<> task_group(long count) {
  for (long i = 0; i < count; ++i) {
    co_await silk::with_task_group([](silk::task_group& group) -> silk::task<> {
      group.spawn(nothing());
      co_return;
    });
  }
}

silk::generator<long> counts(long count) {
  for (long i = 0; i < count; ++i) co_yield i;
}

silk::task<> generator(long count) {
  silk::generator<long> values = counts(count);
  for (;;) {
    const auto value = co_await values.next();
    if (!value) break;
  }
}

const silk::context_var<long> variable{0};

silk::task<> context_get(long count) {
  for (long i = 0; i < count; ++i) static_cast<void>(variable.get());
  co_return;
}

struct verb {
  std::string_view name;
  silk::task<> (*run)(long count);
};

constexpr std::array verbs{
    verb{"call", call},
    verb{"gather_two", gather_two},
    verb{"gather_range", gather_range},
    verb{"fork_join_two", fork_join_two},
    verb{"parallel_for", parallel_for},
    verb{"spawn_join", spawn_join},
    verb{"yield", yield},
    verb{"post", post},
    verb{"future_done", future_done},
    verb{"hand_off", hand_off},
    verb{"sleep", sleep},
    verb{"spawned_sleep", spawned_sleep},
    verb{"timeout", timeout},
    verb{"cancel", cancel},
    verb{"mutex", mutex},
    verb{"queue", queue},
    verb{"channel", channel},
    verb{"select_two", select_two},
    verb{"wait_two", wait_two},
    verb{"task_group", task_group},
    verb{"generator", generator},
    verb{"context_get", context_get},
};

// Not getrusage's, which a process inherits from the one that started it.
long most_resident_kib() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word && word != "VmHWM:") continue;
  long kib = 0;
  status >> kib;
  return kib;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    for (const verb& each : verbs) std::printf("%s\n", each.name.data());
    return argc == 1 ? 0 : 2;
  }
  for (const verb& each : verbs) {
    if (each.name != argv[1]) continue;
    silk::run(each.run(std::atol(argv[2])),
              {.workers = 1, .time = silk::time_source::virtual_time});
    std::printf("%llu %ld\n", static_cast<unsigned long long>(bench::allocations()),
                most_resident_kib());
    return 0;
  }
  std::fprintf(stderr, "costs: there is no verb '%s'\n", argv[1]);
  return 2;
}
