// Design invariant 2, the deque's part (D1, D2): each item is taken exactly once, and what was written
// before it was pushed is visible to who takes it.
#include "../../scheduler/deque.hpp"

#include "jobs.hpp"
#include "pool_fixture.hpp"

#include <gtest/gtest.h>

namespace {

using silk::model::check;
using silk::model::expect_holds;
using silk::model::job_set;
using silk::model::take;
using silk::model::together;
using silk::scheduler::deque;
using silk::scheduler::steal_result;
using silk::scheduler::steal_status;

template <std::size_t N>
void push(deque& to, job_set<N>& jobs, std::size_t i) {
  jobs[i].make();
  to.push(jobs[i]);
}

void pop_all(deque& from) {
  while (auto* item = from.pop()) take(item);
}

void steal(deque& from) {
  const steal_result result = from.steal();
  check((result.item != nullptr) == (result.status == steal_status::taken), "taken has an item");
  take(result.item);
}

// A deque with some items pushed by the thread of the body.
template <std::size_t N>
struct filled {
  explicit filled(std::size_t capacity, std::size_t count = N) : forks(capacity) {
    for (std::size_t i = 0; i < count; ++i) push(forks, jobs, i);
  }
  void finish() {
    pop_all(forks);
    jobs.check_all_taken();
    check(forks.looks_empty(), "nothing is left");
  }
  job_set<N> jobs;
  deque forks;
};

// With asymmetric fences the thief pays for the owner's.
class deques : public silk::model::pools::with_fences {
 protected:
  static silk::model::options within(unsigned preemptions) {
    silk::model::options how = silk::model::all_within(preemptions);
    how.fences = GetParam();
    return how;
  }
  static silk::model::options all() { return within(silk::model::search_tree::unbounded); }
};

// ---- the last item, in all three orders of owner and thieves ----

TEST_P(deques, the_last_item_goes_to_its_owner_or_to_a_thief) {
  expect_holds(all(), [] {
    filled<1> state(2);
    together([&] { take(state.forks.pop()); }, [&] { steal(state.forks); });
    state.finish();
  });
}

TEST_P(deques, the_last_item_goes_to_one_of_two_thieves) {
  expect_holds(all(), [] {
    filled<1> state(2);
    together([&] { steal(state.forks); }, [&] { steal(state.forks); });
    state.finish();
  });
}

TEST_P(deques, the_last_item_goes_to_its_owner_or_to_one_of_two_thieves) {
  expect_holds(within(3), [] {
    filled<1> state(2);
    together([&] { take(state.forks.pop()); }, [&] { steal(state.forks); },
             [&] { steal(state.forks); });
    state.finish();
  });
}

TEST_P(deques, pop_if_takes_the_last_item_or_leaves_it_to_a_thief) {
  expect_holds(all(), [] {
    filled<1> state(2);
    together(
        [&] {
          if (state.forks.pop_if(state.jobs[0])) take(&state.jobs[0]);
        },
        [&] { steal(state.forks); });
    state.finish();
  });
}

// ---- two items ----

TEST_P(deques, an_owner_that_pops_two_meets_a_thief) {
  expect_holds(all(), [] {
    filled<2> state(2);
    together(
        [&] {
          take(state.forks.pop());
          take(state.forks.pop());
        },
        [&] { steal(state.forks); });
    state.finish();
  });
}

TEST_P(deques, an_owner_that_pops_two_meets_two_thieves) {
  expect_holds(within(2), [] {
    filled<2> state(2);
    together(
        [&] {
          take(state.forks.pop());
          take(state.forks.pop());
        },
        [&] { steal(state.forks); }, [&] { steal(state.forks); });
    state.finish();
  });
}

TEST_P(deques, a_thief_that_comes_again_takes_another_one) {
  expect_holds(all(), [] {
    filled<2> state(2);
    together([&] { take(state.forks.pop()); },
             [&] {
               steal(state.forks);
               steal(state.forks);
             });
    state.finish();
  });
}

// ---- whose fences: the first thief asks for the owner's, who is free of them again after a pop in peace ----

TEST_P(deques, an_owner_that_has_calmed_down_meets_a_thief_that_comes_again) {
  expect_holds(within(3), [] {
    filled<4> state(4);
    together(
        [&] {
          take(state.forks.pop());
          take(state.forks.pop());
          take(state.forks.pop());
          take(state.forks.pop());
        },
        [&] {
          steal(state.forks);
          steal(state.forks);
        });
    state.finish();
  });
}

// The second thief comes while the first one is still asking.
TEST_P(deques, a_thief_relies_on_what_another_one_has_asked_for) {
  expect_holds(within(2), [] {
    filled<2> state(4);
    together([&] { take(state.forks.pop()); }, [&] { steal(state.forks); },
             [&] {
               steal(state.forks);
               steal(state.forks);
             });
    state.finish();
  });
}

TEST_P(deques, two_thieves_meet_an_owner_that_calms_down) {
  expect_holds(within(3), [] {
    filled<3> state(4);
    together(
        [&] {
          take(state.forks.pop());
          take(state.forks.pop());
        },
        [&] { steal(state.forks); }, [&] { steal(state.forks); });
    state.finish();
  });
}

// ---- publication ----

TEST_P(deques, what_was_written_before_a_push_is_seen_by_the_thief) {
  expect_holds(all(), [] {
    filled<1> state(2, 0);
    together([&] { push(state.forks, state.jobs, 0); }, [&] { steal(state.forks); });
    state.finish();
  });
}

// What a pop leaves behind is published by the pop, too: the thief may read the lowered bottom.
TEST_P(deques, pushes_and_pops_meet_a_thief) {
  expect_holds(within(3), [] {
    filled<2> state(2, 0);
    together(
        [&] {
          push(state.forks, state.jobs, 0);
          push(state.forks, state.jobs, 1);
          take(state.forks.pop());
        },
        [&] { steal(state.forks); });
    state.finish();
  });
}

// ---- slots that are used again, rings that grow ----

// The ring has two slots: the third push uses the first one again, which a thief may just be reading.
TEST_P(deques, a_slot_is_used_again_only_when_no_thief_can_take_from_it) {
  expect_holds(within(3), [] {
    filled<3> state(2, 2);
    together(
        [&] {
          take(state.forks.pop());
          push(state.forks, state.jobs, 2);
        },
        [&] {
          steal(state.forks);
          steal(state.forks);
        });
    // The one that was popped above may be either of the first two.
    state.finish();
  });
}

TEST_P(deques, a_ring_wraps_around_under_a_thief) {
  expect_holds(within(2), [] {
    filled<4> state(2, 1);
    together(
        [&] {
          push(state.forks, state.jobs, 1);
          take(state.forks.pop());
          push(state.forks, state.jobs, 2);
          take(state.forks.pop());
          push(state.forks, state.jobs, 3);
        },
        [&] {
          steal(state.forks);
          steal(state.forks);
        });
    state.finish();
  });
}

TEST_P(deques, a_ring_grows_under_a_thief) {
  expect_holds(within(3), [] {
    filled<3> state(1, 1);
    together(
        [&] {
          push(state.forks, state.jobs, 1);
          push(state.forks, state.jobs, 2);
        },
        [&] {
          steal(state.forks);
          steal(state.forks);
        });
    state.finish();
  });
}

// The ring is replaced while some of the items are not published yet.
TEST_P(deques, a_ring_grows_for_many_at_once_under_a_thief) {
  expect_holds(within(3), [] {
    filled<3> state(1, 1);
    std::size_t next = 1;
    together(
        [&] {
          state.forks.push_many(2, [&]() noexcept -> silk::scheduler::job& {
            state.jobs[next].make();
            return state.jobs[next++];
          });
        },
        [&] {
          steal(state.forks);
          steal(state.forks);
        });
    state.finish();
  });
}

TEST_P(deques, a_ring_grows_under_two_thieves) {
  expect_holds(within(2), [] {
    filled<2> state(1, 1);
    together([&] { push(state.forks, state.jobs, 1); }, [&] { steal(state.forks); },
             [&] { steal(state.forks); });
    state.finish();
  });
}

// When all thieves are kept away, as pool::give_back keeps them: what they find later is the smaller ring.
TEST_P(deques, a_ring_shrinks_between_thefts) {
  expect_holds(within(3), [] {
    filled<4> state(1, 2);
    together([&] { take(state.forks.pop()); }, [&] { steal(state.forks); });
    pop_all(state.forks);
    state.forks.shrink();
    together(
        [&] {
          push(state.forks, state.jobs, 2);
          push(state.forks, state.jobs, 3);
          take(state.forks.pop());
        },
        [&] { steal(state.forks); });
    state.finish();
  });
}

// The same address comes back while a thief holds what it read of the slot before: the CAS decides by
// the index, not by the address.
TEST_P(deques, an_item_that_is_pushed_again_is_taken_once_each_time) {
  expect_holds(within(3), [] {
    filled<1> state(2);
    int times = 0;
    bool stolen = false;
    together(
        [&] {
          for (int i = 0; i < 2; ++i) {
            if (!state.forks.pop_if(state.jobs[0])) break;
            ++times;
            if (i == 0) state.forks.push(state.jobs[0]);
          }
        },
        [&] { stolen = state.forks.steal().status == steal_status::taken; });
    const bool left = state.forks.pop() != nullptr;
    const int pushes = times == 0 ? 1 : 2;
    check(times + (stolen ? 1 : 0) + (left ? 1 : 0) == pushes, "once for each push");
  });
}

// pop_if looks at a slot that was popped long ago and still holds the address.
TEST_P(deques, a_stale_slot_is_no_item) {
  expect_holds(all(), [] {
    filled<1> state(2);
    together(
        [&] {
          take(state.forks.pop());
          check(!state.forks.pop_if(state.jobs[0]), "nothing is there any more");
        },
        [&] { steal(state.forks); });
    state.finish();
  });
}

TEST_P(deques, many_threads_at_random) {
  silk::model::options how = silk::model::some(silk::model::search::pct, 20'000);
  how.fences = GetParam();
  expect_holds(how, [] {
    filled<5> state(1, 1);
    const auto steal_two = [&] {
      steal(state.forks);
      steal(state.forks);
    };
    together(
        [&] {
          for (std::size_t i = 1; i < 5; ++i) {
            push(state.forks, state.jobs, i);
            if (i % 2 == 0) take(state.forks.pop());
          }
        },
        steal_two, steal_two);
    state.finish();
  });
}

SILK_MODEL_WITH_BOTH_FENCES(deques);

}  // namespace
