// The programs of programs/queue_storm.hpp on real threads, as many as the machine has and more.
#include "../programs/queue_storm.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace {

using namespace silk_stress;
using namespace silk_stress::queueing;

// From the first put to the last get after close.
template <class Queue>
void whole_life_of_a_queue(silk::runtime& runtime, silk::runtime& other, dice& random) {
  scene<Queue> on(random.below(5));
  std::vector<silk::join_handle<void>> all;
  for (unsigned i = 1 + random.below(5); i > 0; --i) {
    all.push_back(runtime.spawn(produces(life(), random.another(), on)));
    all.push_back(
        (random.one_in(2) ? runtime : other).spawn(consumes(life(), random.another(), on)));
  }
  std::atomic<bool> over{false};
  std::vector<std::jthread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&, mine = random.another()] { disturbs(mine, on, all, over); });
  }
  for (unsigned i = random.below(20); i > 0; --i) jitter(random);
  if (random.one_in(2)) on.book.discarded += on.queue.close(silk::close_mode::discard);
  on.queue.close();
  if (random.one_in(4)) on.book.discarded += on.queue.close(silk::close_mode::discard);
  over = true;
  threads.clear();
  runtime.block_on([&]() -> silk::task<> { co_await silk::gather_settled(all); });
  while (on.take_without_waiting()) {  // every consumer may have been cancelled before it began
  }
  runtime.block_on(joins(on));
  check(on);
}

class queue_storm : public at_any_size {};
SILK_STRESS_AT_ANY_SIZE(queue_storm);

TEST_P(queue_storm, loses_nothing_and_delivers_nothing_twice) {
  silk::runtime runtime(quiet(workers())), other(quiet(1));
  while (time.running()) {
    whole_life_of_a_queue<silk::queue<parcel>>(runtime, other, random);
    whole_life_of_a_queue<silk::priority_queue<parcel>>(runtime, other, random);
    whole_life_of_a_queue<silk::lifo_queue<parcel>>(runtime, other, random);
  }
}

// The task that takes the last item may destroy the queue, perhaps before the thread that put it has
// left put_nowait.
TEST_P(queue_storm, lets_the_queue_go_while_the_producer_is_on_its_way_out) {
  silk::runtime runtime(quiet(workers()));
  while (time.running()) {
    auto queue = std::make_unique<silk::queue<parcel>>(1);
    const std::jthread producer([to = queue.get(), mine = random.another()]() mutable {
      jitter(mine);
      to->put_nowait(parcel(1));
    });
    runtime.block_on([&]() -> silk::task<> {
      const parcel last = co_await queue->get();
      EXPECT_EQ(last.number(), 1u);
      queue.reset();
    });
    liveness_oracle::progress();
  }
}

}  // namespace
