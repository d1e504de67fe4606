// The programs of programs/stream_storm.hpp on real threads, as many as the machine has and more.
#include "../programs/stream_storm.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace {

using namespace silk_stress;
using namespace silk_stress::streaming;

class stream_storm : public at_any_size {};
SILK_STRESS_AT_ANY_SIZE(stream_storm);

TEST_P(stream_storm, tells_each_receiver_everything_whoever_is_cancelled) {
  while (time.running()) {
    scene on;
    {
      silk::runtime runtime(quiet(workers()));
      handles streams;
      handles others;
      for (unsigned i = 1 + random.below(6); i > 0; --i) {
        streams.push_back(runtime.spawn(listens(life(), on, random.another())));
        streams.push_back(runtime.spawn(watches(life(), on, random.another())));
        others.push_back(runtime.spawn(forks(life(), on, random.another())));
      }
      std::vector<std::jthread> threads;
      for (int t = 0; t < 2; ++t) {
        threads.emplace_back([&, mine = random.another()]() mutable {
          calls_back(on, streams, mine);
          for (unsigned i = mine.below(60); i > 0; --i) {
            if (mine.one_in(2)) on.send();
            streams[mine.below(static_cast<unsigned>(streams.size()))].cancel();
            others[mine.below(static_cast<unsigned>(others.size()))].cancel("from outside");
            jitter(mine);
          }
          calls_back(on, others, mine);
        });
      }
      threads.clear();
      runtime.block_on([&]() -> silk::task<> { co_await silk::gather_settled(others); });
      on.news.close();
      on.latest.close();
      runtime.block_on([&]() -> silk::task<> { co_await silk::gather_settled(streams); });
      for (const auto& each : streams) {
        if (!each.is_cancelled()) each.result();  // cancelled: before it began
      }
    }
    EXPECT_EQ(on.callbacks_called + on.callbacks_removed, on.callbacks_added);
  }
}

}  // namespace
