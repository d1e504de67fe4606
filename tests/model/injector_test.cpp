// Design invariants 1 and 2, the part of injector and backlog: a job that was handed over is taken
// exactly once, in order of arrival from one thread, and is never out of sight of who looks after a fence.
#include "../../scheduler/injector.hpp"

#include "../../scheduler/backlog.hpp"
#include "jobs.hpp"
#include "report.hpp"

#include <gtest/gtest.h>

namespace {

namespace sync = silk::scheduler::sync;
using silk::model::all;
using silk::model::all_within;
using silk::model::check;
using silk::model::expect_holds;
using silk::model::job_set;
using silk::model::take;
using silk::model::together;
using silk::scheduler::backlog;
using silk::scheduler::injector;
using silk::scheduler::job;
using silk::scheduler::job_list;

void take_all(job_list items) {
  while (!items.empty()) take(&items.pop_front());
}

template <class Queue, std::size_t N>
struct shared_jobs {
  void make_list(job_list& into, std::size_t i) {
    jobs[i].make();
    into.push_back(jobs[i]);
  }
  job_set<N> jobs;
  Queue queue;
};

struct injected : shared_jobs<injector, 4> {
  void push(std::size_t i) {
    jobs[i].make();
    queue.push(jobs[i]);
  }
  void push_two(std::size_t i) {
    job_list both;
    make_list(both, i);
    make_list(both, i + 1);
    queue.push(both);
  }
  void finish(std::size_t count) {
    job_list rest = queue.take(10, 1);
    take_all(rest);
    check(queue.looks_empty(), "nothing is left");
    for (std::size_t i = 0; i < count; ++i) check(jobs[i].taken == 1, "a job is lost");
  }
};

TEST(injector, what_two_producers_push_is_all_there) {
  expect_holds(all(), [] {
    injected state;
    together([&] { state.push(0); }, [&] { state.push(1); });
    state.finish(2);
  });
}

TEST(injector, what_was_written_before_a_push_is_seen_by_who_takes_it) {
  expect_holds(all(), [] {
    injected state;
    together([&] { state.push(0); }, [&] { take_all(state.queue.take(10, 1)); });
    state.finish(1);
  });
}

TEST(injector, two_producers_and_a_worker) {
  silk::model::options how = all_within(3);
  how.spurious = 1;
  expect_holds(how, [] {
    injected state;
    together([&] { state.push(0); }, [&] { state.push(1); },
             [&] { take_all(state.queue.take(10, 2)); });
    state.finish(2);
  });
}

TEST(injector, two_workers_share_what_is_there) {
  expect_holds(all_within(3), [] {
    injected state;
    state.push(0);
    state.push_two(1);
    const auto work = [&] { take_all(state.queue.take(2, 2)); };
    together(work, work);
    state.finish(3);
  });
}

TEST(injector, single_jobs_and_lists_meet_a_worker) {
  expect_holds(all_within(3), [] {
    injected state;
    together([&] { state.push(0); }, [&] { state.push_two(1); },
             [&] { take_all(state.queue.take(1, 2)); });
    state.finish(3);
  });
}

TEST(injector, the_jobs_of_one_producer_stay_in_order) {
  expect_holds(all_within(3), [] {
    injected state;
    int last = -1;
    const auto take_in_order = [&](job_list items) {
      while (!items.empty()) {
        auto& item = static_cast<silk::model::counted_job&>(items.pop_front());
        take(&item);
        const auto index = static_cast<int>(&item - &state.jobs[0]);
        check(index > last, "in order of arrival");
        last = index;
      }
    };
    together(
        [&] {
          state.push(0);
          state.push(1);
          state.push(2);
        },
        [&] {
          take_in_order(state.queue.take(1, 2));
          take_in_order(state.queue.take(1, 2));
        });
    take_in_order(state.queue.take(10, 1));
    state.finish(3);
  });
}

// What E:inject-list is for. A worker has moved the jobs from the inbox to the list and is about to take
// some: another one that looks, having put a fence behind the push, sees them in one place or the other.
TEST(injector, a_job_that_changes_hands_is_never_out_of_sight) {
  expect_holds(all_within(3), [] {
    injected state;
    state.push(0);
    state.push(1);
    bool empty = true;
    job_list taken;
    together([&] { taken = state.queue.take(1, 2); }, [&] { empty = state.queue.looks_empty(); });
    check(!empty, "one of two jobs stays");
    take_all(taken);
    state.finish(2);
  });
}

// ---- backlog ----

struct waiting : shared_jobs<backlog, 4> {
  void push_two(std::size_t i) {
    job_list both;
    make_list(both, i);
    make_list(both, i + 1);
    queue.push(both);
  }
  void finish() {
    take_all(queue.take(10));
    jobs.check_all_taken();
    check(queue.looks_empty(), "nothing is left");
  }
};

TEST(backlog, owner_and_thieves_take_each_job_once) {
  expect_holds(all_within(3), [] {
    waiting state;
    state.push_two(0);
    together(
        [&] {
          state.push_two(2);
          take_all(state.queue.take(1));
        },
        [&] { take_all(state.queue.steal_half(4)); }, [&] { take_all(state.queue.steal_half(4)); });
    state.finish();
  });
}

TEST(backlog, to_its_owner_empty_is_exact) {
  expect_holds(all(), [] {
    waiting state;
    together(
        [&] {
          check(state.queue.looks_empty(), "nothing was pushed yet");
          state.push_two(0);
          state.push_two(2);
          take_all(state.queue.take(10));
          check(state.queue.looks_empty(), "all was taken");
        },
        [&] { take_all(state.queue.steal_half(1)); });
    state.finish();
  });
}

}  // namespace
