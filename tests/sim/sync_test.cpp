// Queues, locks, conditions, streams and select, whoever comes first and whoever is cancelled.
#include "../programs/queue_storm.hpp"
#include "../programs/select_storm.hpp"
#include "../programs/stream_storm.hpp"
#include "../programs/sync_storm.hpp"
#include "sim.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace {

using namespace silk_sim;
using handles = std::vector<silk::join_handle<>>;

void cancel_one(const handles& of, dice& random) {
  if (!of.empty()) of[random.below(static_cast<unsigned>(of.size()))].cancel();
}

// ---- queues ----

template <class Queue>
silk::task<> whole_life_of_a_queue(dice random) {
  using namespace silk_stress::queueing;
  auto& on = made<scene<Queue>>(random.below(5));
  auto& all = made<handles>();
  for (unsigned i = 1 + random.below(4); i > 0; --i) {
    all.push_back(silk::spawn(produces(life(), random.another(), on)));
    all.push_back(silk::spawn(consumes(life(), random.another(), on)));
  }
  threads outside;
  for (int t = 0; t < 2; ++t) {
    outside.start(random.below(12), [&on, &all, mine = random.another()]() mutable {
      switch (mine.below(4)) {
        case 0:
          static_cast<void>(on.put_without_waiting(mine));
          break;
        case 1:
          static_cast<void>(on.take_without_waiting());
          break;
        default:
          cancel_one(all, mine);
      }
    });
  }
  co_await silk::sleep(microseconds(random.below(1'000)));
  if (random.one_in(2)) on.book.discarded += on.queue.close(silk::close_mode::discard);
  on.queue.close();
  if (random.one_in(4)) on.book.discarded += on.queue.close(silk::close_mode::discard);
  co_await outside.join();
  co_await silk::gather_settled(all);
  while (on.take_without_waiting()) {  // every consumer may have been cancelled before it began
  }
  co_await on.queue.join();
  check(on);
}

TEST(sim, queue_storm) {
  explore("queue_storm", whole_life_of_a_queue<silk::queue<silk_stress::queueing::parcel>>);
}
TEST(sim, queue_storm_by_priority) {
  explore("queue_storm_by_priority",
          whole_life_of_a_queue<silk::priority_queue<silk_stress::queueing::parcel>>);
}
TEST(sim, queue_storm_newest_first) {
  explore("queue_storm_newest_first",
          whole_life_of_a_queue<silk::lifo_queue<silk_stress::queueing::parcel>>);
}

// ---- select, as_completed ----

silk::task<> selects_among_all(dice random) {
  using namespace silk_stress::selecting;
  auto& on = made<scene>();
  auto& stop = made<silk::promise<>>();
  auto& all = made<handles>();
  for (unsigned i = 1 + random.below(5); i > 0; --i)
    all.push_back(silk::spawn(selects(life(), random.another(), on, stop.get_future())));
  threads outside;
  outside.start(random.below(20), [&on, mine = random.another()]() mutable {
    if ((mine.one_in(2) ? on.one : on.two).try_put(7u)) ++on.put;
  });
  outside.start(random.below(20),
                [&all, mine = random.another()]() mutable { cancel_one(all, mine); });
  co_await silk::sleep(microseconds(random.below(500)));
  if (random.one_in(2)) stop.set_value();
  co_await silk::sleep(microseconds(random.below(500)));
  on.over = true;
  co_await outside.join();
  if (!stop.done()) stop.set_value();
  co_await silk::gather_settled(all);
  expect(on.put == on.taken + on.one.size() + on.two.size());
  expect(on.free.available() == permits);
  expect(!on.lock.is_locked());
}

silk::task<> shares_outcomes(dice random) {
  using namespace silk_stress::selecting;
  auto& promises = made<std::vector<silk::promise<std::size_t>>>(1 + random.below(20));
  auto& seen = made<std::vector<std::atomic<int>>>(promises.size());
  auto& futures = made<std::vector<silk::future<std::size_t>>>();
  for (const auto& one : promises) futures.push_back(one.get_future());
  thread_of(static_cast<unsigned>(promises.size()), [&promises, next = std::size_t{0}]() mutable {
    promises[next].set_value(next);
    ++next;
  });
  auto& from = made<outcomes>(silk::as_completed(futures));
  auto& consumers = made<handles>();
  for (unsigned i = 1 + random.below(4); i > 0; --i)
    consumers.push_back(silk::spawn(consumes(life(), random.another(), from, seen)));
  threads outside;
  outside.start(random.below(10),
                [&consumers, mine = random.another()]() mutable { cancel_one(consumers, mine); });
  co_await silk::gather_settled(consumers);
  co_await consumes(life(), random.another(), from, seen);
  co_await outside.join();
  for (const auto& times : seen) expect(times == 1);
}

TEST(sim, select_storm) { explore("select_storm", selects_among_all); }
TEST(sim, as_completed) { explore("as_completed", shares_outcomes); }

// ---- broadcast, watch, generators, context variables ----

silk::task<> streams(dice random) {
  using namespace silk_stress::streaming;
  auto& on = made<scene>();
  auto& receivers = made<handles>();
  auto& others = made<handles>();
  for (unsigned i = 1 + random.below(3); i > 0; --i) {
    receivers.push_back(silk::spawn(listens(life(), on, random.another())));
    receivers.push_back(silk::spawn(watches(life(), on, random.another())));
    others.push_back(silk::spawn(forks(life(), on, random.another())));
  }
  threads outside;
  for (int t = 0; t < 2; ++t) {
    outside.start(random.below(20), [&, mine = random.another()]() mutable {
      if (mine.one_in(2)) on.send();
      cancel_one(receivers, mine);
      cancel_one(others, mine);
      if (mine.one_in(8))
        silk_stress::streaming::calls_back(on, mine.one_in(2) ? receivers : others, mine);
    });
  }
  co_await outside.join();
  co_await silk::gather_settled(others);
  on.news.close();
  on.latest.close();
  co_await silk::gather_settled(receivers);
  for (const auto& each : receivers) {
    if (!each.is_cancelled()) each.result();  // cancelled: before it began
  }
  co_await silk::sleep(1ms);  // callbacks are called soon
  expect(on.callbacks_called + on.callbacks_removed == on.callbacks_added);
}

TEST(sim, stream_storm) { explore("stream_storm", streams); }

// ---- locks, events, conditions, semaphores, barriers, latches ----

silk::task<> uses_everything(dice random) {
  using namespace silk_stress::syncing;
  const unsigned tasks = 2 + random.below(8);
  auto& with = made<tools>(tasks);
  auto& all = made<handles>();
  for (unsigned i = 0; i < tasks; ++i)
    all.push_back(silk::spawn(user(life(), random.another(), with, debts(with))));
  const auto producing = silk::spawn(produce(life(), random.another(), with, tasks));
  const auto inside =
      silk::spawn(disturb_inside(life(), random.another(), std::make_shared<const handles>(all)));
  threads outside;
  for (int t = 0; t < 2; ++t) {
    outside.start(random.below(2 * tasks), [&with, &all, mine = random.another()]() mutable {
      if (mine.one_in(3)) cancel_one(all, mine);
      meddle(with, mine);
    });
  }
  co_await outside.join();
  with.happened.set();
  with.meeting.abort();
  co_await silk::gather_settled(all);
  co_await producing;
  co_await inside;
  with.expect_all_back();
  expect(with.left == with.right);
}

// Items are announced once, and only for those that are not cancelled: see sync_storm_test.cpp.
silk::task<> announces_once(dice random) {
  using namespace silk_stress::syncing;
  auto& with = made<tools>(0u);
  auto& lucky = made<handles>();
  auto& doomed = made<handles>();
  struct counts {
    unsigned by_lucky = 0, by_doomed = 0;
  };
  auto& got = made<counts>();
  const auto consumer = [](life, tools& on, unsigned& consumed) -> silk::task<> {
    co_await consumes(on);
    ++consumed;
  };
  for (unsigned i = 2 + random.below(8); i > 0; --i) {
    const bool dooms = random.one_in(2);
    (dooms ? doomed : lucky)
        .push_back(silk::spawn(consumer, life(), std::ref(with),
                               std::ref(dooms ? got.by_doomed : got.by_lucky)));
  }
  for (unsigned turns = random.below(4); turns > 0; --turns) co_await silk::yield();
  const auto needed = static_cast<unsigned>(lucky.size());
  const auto producing = silk::spawn(produce(life(), random.another(), with, needed));
  threads outside;
  outside.start(static_cast<unsigned>(doomed.size()),
                [&doomed, next = std::size_t{0}]() mutable { doomed[next++].cancel(); });
  co_await outside.join();
  co_await silk::gather_settled(doomed);
  co_await producing;
  co_await produce(life(), random.another(), with, got.by_doomed);
  for (const auto& each : lucky) co_await each;
  expect(got.by_lucky == needed);
  expect(with.items == 0);
  expect(!with.change.is_locked());
  expect(with.change.waiting() == 0);
}

TEST(sim, sync_storm) { explore("sync_storm", uses_everything); }
TEST(sim, sync_storm_on_a_slow_machine) {
  explore("sync_storm_on_a_slow_machine", uses_everything,
          {.time = silk::testing::sim_time::at_any_moment});
}
TEST(sim, notifications) { explore("notifications", announces_once); }

}  // namespace
