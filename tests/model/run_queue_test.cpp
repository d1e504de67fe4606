// Design invariant 2, the run queue's part (R1): each job leaves once, by one CAS or exchange, and what
// was written before it was pushed is visible to who takes it.
#include "../../scheduler/run_queue.hpp"

#include "jobs.hpp"
#include "report.hpp"

#include <gtest/gtest.h>

namespace {

using silk::model::all;
using silk::model::all_within;
using silk::model::check;
using silk::model::expect_holds;
using silk::model::job_set;
using silk::model::take;
using silk::model::together;
using silk::scheduler::job;
using small_queue = silk::scheduler::basic_run_queue<4>;

template <std::size_t N>
struct filled {
  explicit filled(std::size_t count = N) {
    for (std::size_t i = 0; i < count; ++i) push(i);
  }
  void push(std::size_t i) {
    jobs[i].make();
    check(queue.push(jobs[i]), "there is room");
  }
  void pop() { take(queue.pop()); }
  std::size_t steal(std::size_t limit = 2) {
    std::array<job*, 4> batch;
    const std::size_t count = queue.steal_half(batch.data(), limit);
    for (std::size_t i = 0; i < count; ++i) take(batch[i]);
    return count;
  }
  void finish() {
    while (job* item = queue.pop()) take(item);
    take(queue.take_first());
    jobs.check_all_taken();
    check(queue.looks_empty(), "nothing is left");
  }
  job_set<N> jobs;
  small_queue queue;
};

// ---- the ring ----

TEST(run_queue, what_was_written_before_a_push_is_seen_by_the_thief) {
  expect_holds(all(), [] {
    filled<1> state(0);
    together([&] { state.push(0); }, [&] { state.steal(); });
    state.finish();
  });
}

TEST(run_queue, the_last_job_goes_to_its_owner_or_to_a_thief) {
  expect_holds(all(), [] {
    filled<1> state;
    together([&] { state.pop(); }, [&] { state.steal(); });
    state.finish();
  });
}

TEST(run_queue, two_thieves_and_the_owner_share_three_jobs) {
  expect_holds(all_within(3), [] {
    filled<3> state;
    together([&] { state.pop(); }, [&] { state.steal(); }, [&] { state.steal(); });
    state.finish();
  });
}

TEST(run_queue, pushes_and_pops_meet_a_thief) {
  expect_holds(all_within(3), [] {
    filled<3> state(1);
    together(
        [&] {
          state.push(1);
          state.pop();
          state.push(2);
        },
        [&] {
          state.steal();
          state.steal();
        });
    state.finish();
  });
}

// The ring has four slots: the push behind a full ring uses one again that a thief may just be reading.
TEST(run_queue, a_slot_is_used_again_only_when_no_thief_can_take_from_it) {
  expect_holds(all_within(3), [] {
    filled<6> state(4);
    together(
        [&] {
          state.pop();
          state.push(4);
          state.pop();
          state.push(5);
        },
        [&] {
          state.steal();
          state.steal();
        });
    state.finish();
  });
}

TEST(run_queue, a_full_ring_refuses_until_a_thief_has_made_room) {
  expect_holds(all_within(3), [] {
    filled<5> state(4);
    state.jobs[4].make();
    bool pushed = false;
    std::size_t stolen = 0;
    together([&] { pushed = state.queue.push(state.jobs[4]); }, [&] { stolen = state.steal(); });
    check(stolen != 0, "a thief that is alone finds something");
    if (!pushed) take(&state.jobs[4]);
    state.finish();
  });
}

TEST(run_queue, a_thief_takes_the_oldest_half_in_order) {
  expect_holds(all_within(3), [] {
    filled<4> state;
    std::array<job*, 4> batch;
    std::size_t count = 0;
    together([&] { state.pop(); }, [&] { count = state.queue.steal_half(batch.data(), 4); });
    check(count == 2, "half of four or of three");
    const auto job_of = [](job* item) { return static_cast<silk::model::counted_job*>(item); };
    check(job_of(batch[1]) == job_of(batch[0]) + 1, "in order");
    for (std::size_t i = 0; i < count; ++i) take(batch[i]);
    state.finish();
  });
}

TEST(run_queue, a_weak_exchange_that_fails_for_no_reason_takes_nothing) {
  silk::model::options how = all_within(2);
  how.spurious = 2;
  expect_holds(how, [] {
    filled<2> state;
    together([&] { state.pop(); }, [&] { state.steal(); });
    state.finish();
  });
}

// ---- the slot in front ----

TEST(run_queue, the_job_in_front_goes_to_its_owner_or_to_a_thief) {
  expect_holds(all(), [] {
    filled<1> state(0);
    check(state.queue.put_first(state.jobs[0]) == nullptr, "the slot was empty");
    together([&] { take(state.queue.take_first()); }, [&] { take(state.queue.take_first()); });
    state.finish();
  });
}

TEST(run_queue, what_was_written_before_it_was_put_in_front_is_seen_by_who_takes_it) {
  expect_holds(all(), [] {
    filled<1> state(0);
    together(
        [&] {
          state.jobs[0].make();
          check(state.queue.put_first(state.jobs[0]) == nullptr, "the slot was empty");
        },
        [&] { take(state.queue.take_first()); });
    state.finish();
  });
}

TEST(run_queue, a_job_that_is_pushed_out_of_the_slot_is_not_lost) {
  expect_holds(all(), [] {
    filled<3> state(0);
    const auto put = [&](std::size_t i) {
      state.jobs[i].make();
      if (job* displaced = state.queue.put_first(state.jobs[i])) {
        check(state.queue.push(*displaced), "there is room");
      }
    };
    together(
        [&] {
          put(0);
          put(1);
          put(2);
        },
        [&] {
          take(state.queue.take_first());
          state.steal();
        });
    state.finish();
  });
}

TEST(run_queue, many_threads_at_random) {
  expect_holds(silk::model::some(silk::model::search::pct, 20'000), [] {
    filled<8> state(2);
    const auto steal_twice = [&] {
      state.steal();
      take(state.queue.take_first());
      state.steal();
    };
    together(
        [&] {
          for (std::size_t i = 2; i < 8; ++i) {
            state.jobs[i].make();
            if (i % 3 == 0) {
              if (job* displaced = state.queue.put_first(state.jobs[i])) take(displaced);
            } else if (!state.queue.push(state.jobs[i])) {
              take(&state.jobs[i]);
            }
            if (i % 2 == 0) state.pop();
          }
        },
        steal_twice, steal_twice);
    state.finish();
  });
}

}  // namespace
