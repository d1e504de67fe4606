// What the checker finds besides wrong values: races, deadlocks, lost wake-ups, leaks, and how it tells.
#include "report.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>

namespace {

namespace sync = silk::scheduler::sync;
using silk::model::all;
using silk::model::all_within;
using silk::model::check;
using silk::model::expect_fails;
using silk::model::expect_holds;
using silk::model::explore;
using silk::model::options;
using silk::model::search;
using silk::model::together;
using silk::model::undisturbed;

// ---- data races ----

void hand_over(std::memory_order store, std::memory_order load) {
  sync::atomic<bool> ready{false};
  auto data = std::make_unique<int>(0);
  together(
      [&] {
        *data = 1;
        ready.store(true, store);
      },
      [&] {
        if (ready.load(load)) check(*data == 1, "the value has come along");
      });
}

TEST(race, none_between_release_and_acquire) {
  expect_holds(all(), [] { hand_over(std::memory_order_release, std::memory_order_acquire); });
}

TEST(race, found_without_release) {
  expect_fails(all(), "data race",
               [] { hand_over(std::memory_order_relaxed, std::memory_order_acquire); });
}

TEST(race, found_without_acquire) {
  expect_fails(all(), "data race",
               [] { hand_over(std::memory_order_release, std::memory_order_relaxed); });
}

TEST(race, found_between_two_plain_writes) {
  expect_fails(all(), "data race", [] {
    int shared = 0;
    together([&] { shared = 1; }, [&] { shared = 2; });
  });
}

TEST(race, none_between_neighbours_in_one_word) {
  expect_holds(all(), [] {
    struct {
      char first = 0;
      char second = 0;
      short third = 0;
    } shared;
    together([&] { shared.first = 1; }, [&] { shared.second = 2; }, [&] { shared.third = 3; });
    check(shared.first == 1 && shared.second == 2 && shared.third == 3, "all are written");
  });
}

TEST(race, none_under_a_lock) {
  expect_holds(all(), [] {
    sync::mutex lock;
    int shared = 0;
    const auto add = [&] {
      const std::lock_guard hold(lock);
      ++shared;
    };
    together(add, add, add);
    check(shared == 3, "none is lost");
  });
}

TEST(race, found_when_the_constructor_of_an_atomic_object_is_not_visible) {
  expect_fails(all(), "data race", [] {
    sync::atomic<sync::atomic<int>*> shared{nullptr};
    together([&] { shared.store(new sync::atomic<int>(1), std::memory_order_relaxed); },
             [&] {
               auto* object = shared.load(std::memory_order_relaxed);
               if (object != nullptr) static_cast<void>(object->load(std::memory_order_relaxed));
             });
    delete shared.load(std::memory_order_relaxed);
  });
}

TEST(race, a_seq_cst_fence_alone_does_not_prevent_it) {
  expect_fails(all(), "data race", [] {
    sync::atomic<bool> ready{false};
    int data = 0;
    together(
        [&] {
          data = 1;
          ready.store(true, std::memory_order_relaxed);
          sync::full_fence();
        },
        [&] {
          sync::full_fence();
          if (ready.load(std::memory_order_relaxed)) check(data == 1, "seen");
        });
  });
}

TEST(race, shared_pointers_free_what_all_have_used) {
  expect_holds(all(), [] {
    auto shared = std::make_shared<int>(1);
    together([mine = shared] { check(*mine == 1, "alive"); },
             [mine = shared] { check(*mine == 1, "alive"); });
    *shared = 2;
  });
}

// ---- memory ----

TEST(memory, use_after_delete_is_found) {
  expect_fails(all(), "freed memory", [] {
    auto* object = new sync::atomic<int>(0);
    sync::atomic<bool> gone{false};
    together(
        [&] {
          delete object;
          gone.store(true, std::memory_order_release);
        },
        [&] {
          if (gone.load(std::memory_order_acquire)) object->store(1, std::memory_order_relaxed);
        });
  });
}

TEST(memory, delete_races_with_use) {
  expect_fails(all(), "data race", [] {
    auto* object = new sync::atomic<int>(0);
    together([&] { object->store(1, std::memory_order_relaxed); },
             [&] {
               if (object->load(std::memory_order_relaxed) == 1) delete object;
             });
  });
}

TEST(memory, a_leak_is_found) {
  expect_fails(all(), "leak", [] {
    sync::atomic<int*> slot{nullptr};
    // Each overwrites what the other one may have put there.
    const auto put = [&] {
      auto fresh = std::make_unique<int>(1);
      if (slot.load(std::memory_order_relaxed) == nullptr) {
        slot.store(fresh.release(), std::memory_order_relaxed);
      }
    };
    together(put, put);
    delete slot.load(std::memory_order_relaxed);
  });
}

TEST(memory, freeing_twice_is_found) {
  expect_fails(all(), "freed twice", [] {
    const sync::atomic<int*> object{new int(0)};
    delete object.load();
    delete object.load();
  });
}

// ---- waiting ----

TEST(waiting, deadlock_is_found) {
  expect_fails(all_within(1), "deadlock", [] {
    sync::mutex first, second;
    together(
        [&] {
          const std::lock_guard a(first);
          const std::lock_guard b(second);
        },
        [&] {
          const std::lock_guard b(second);
          const std::lock_guard a(first);
        });
  });
}

TEST(waiting, a_lock_that_is_locked_again_is_found) {
  expect_fails(all(), "holds already", [] {
    sync::mutex lock;
    lock.lock();
    lock.lock();
  });
}

void sleep_and_wake(bool look_again) {
  sync::atomic<std::uint32_t> word{0};
  together(
      [&] {
        if (look_again) {
          while (word.load(std::memory_order_acquire) == 0) sync::futex_wait(word, 0);
        } else if (word.load(std::memory_order_acquire) == 0) {
          sync::futex_wait(word, word.load(std::memory_order_relaxed));
        }
      },
      [&] {
        word.store(1, std::memory_order_release);
        sync::futex_wake(word, 1);
      });
}

TEST(waiting, a_futex_that_is_used_well_loses_no_wake_up) {
  options how = all();
  how.spurious = 2;
  expect_holds(how, [] { sleep_and_wake(true); });
}

TEST(waiting, a_lost_wake_up_is_found) {
  expect_fails(all(), "lost wake-up", [] { sleep_and_wake(false); });
}

TEST(waiting, a_futex_wait_may_return_for_no_reason) {
  options how = all();
  how.spurious = 1;
  expect_fails(how, "woken", [] {
    sync::atomic<std::uint32_t> word{0};
    sync::atomic<bool> said{false};
    together(
        [&] {
          sync::futex_wait(word, 0);
          check(said.load(std::memory_order_relaxed), "woken by the other");
        },
        [&] {
          said.store(true, std::memory_order_seq_cst);
          word.store(1, std::memory_order_seq_cst);
          sync::futex_wake(word, 1);
        });
  });
}

TEST(waiting, a_timed_wait_ends_when_nobody_wakes_it) {
  expect_holds(all(), [] {
    sync::atomic<std::uint32_t> word{0};
    sync::futex_wait_until(word, 0, 1000);
    check(silk::model::execution::the().now() >= 1000, "the deadline has come");
  });
}

TEST(waiting, a_condition_variable_hands_over) {
  options how = all_within(3);
  how.spurious = 1;
  expect_holds(how, [] {
    sync::mutex lock;
    sync::condition_variable changed;
    int items = 0;
    const auto take = [&] {
      std::unique_lock hold(lock);
      changed.wait(hold, [&] { return items > 0; });
      --items;
    };
    together(take, take, [&] {
      for (int i = 0; i < 2; ++i) {
        const std::lock_guard hold(lock);
        ++items;
        changed.notify_one();
      }
    });
    check(items == 0, "both were taken");
  });
}

TEST(waiting, a_missing_notify_is_found) {
  expect_fails(all(), "lost wake-up", [] {
    sync::mutex lock;
    sync::condition_variable changed;
    bool ready = false;
    together(
        [&] {
          std::unique_lock hold(lock);
          changed.wait(hold, [&] { return ready; });
        },
        [&] {
          const std::lock_guard hold(lock);
          ready = true;
        });
  });
}

TEST(waiting, a_spinning_thread_sees_what_it_waits_for) {
  expect_holds(all(), [] {
    sync::atomic<bool> ready{false};
    int data = 0;
    together(
        [&] {
          while (!ready.load(std::memory_order_acquire)) sync::cpu_relax();
          check(data == 1, "the value has come along");
        },
        [&] {
          data = 1;
          ready.store(true, std::memory_order_release);
        });
  });
}

TEST(waiting, threads_that_spin_for_each_other_are_found) {
  expect_fails(all(), "livelock", [] {
    sync::atomic<bool> first{false}, second{false};
    together(
        [&] {
          while (!second.load(std::memory_order_acquire)) sync::give_way();
          first.store(true, std::memory_order_release);
        },
        [&] {
          while (!first.load(std::memory_order_acquire)) sync::give_way();
          second.store(true, std::memory_order_release);
        });
  });
}

TEST(waiting, a_loop_that_gives_up_goes_on) {
  expect_holds(all(), [] {
    sync::atomic<bool> never{false};
    int rounds = 0;
    while (!never.load(std::memory_order_relaxed) && ++rounds < 10) sync::cpu_relax();
    check(rounds == 10, "it gave up");
  });
}

TEST(waiting, a_thread_that_never_ends_is_found) {
  options how = all();
  how.steps = 1000;
  expect_fails(how, "livelock", [] {
    sync::atomic<int> turns{0};
    for (;;) turns.fetch_add(1, std::memory_order_relaxed);
  });
}

// ---- searches ----

// Needs three changes of thread, at the right places.
void rare() {
  sync::atomic<int> turn{0};
  const auto step = [&](int from) {
    int expected = from;
    turn.compare_exchange_strong(expected, from + 1, std::memory_order_seq_cst);
  };
  together(
      [&] {
        step(0);
        step(2);
      },
      [&] {
        step(1);
        step(3);
      });
  check(turn.load(std::memory_order_relaxed) != 4, "four turns were not taken");
}

TEST(searching, a_bound_that_is_too_low_misses_what_a_higher_one_finds) {
  expect_holds(all_within(1), rare);
  expect_fails(all_within(2), "four turns", rare);
}

TEST(searching, random_walks_find_it) {
  expect_fails(silk::model::some(search::random, 100'000), "four turns", rare);
  expect_fails(silk::model::some(search::pct, 100'000), "four turns", rare);
}

TEST(searching, the_schedule_of_a_failure_replays_it) {
  const silk::model::result found = explore(all(), rare);
  ASSERT_TRUE(found.failed);
  EXPECT_NE(found.trace.find("compare-exchange"), std::string::npos);
  options again;
  again.replay = found.schedule;
  const silk::model::result replayed = explore(again, rare);
  EXPECT_EQ(replayed.executions, 1u);
  EXPECT_EQ(replayed.failure, found.failure);
  EXPECT_EQ(replayed.trace, found.trace);
}

TEST(searching, what_is_no_schedule_is_refused) {
  options how;
  how.replay = "no schedule";
  EXPECT_THROW(explore(how, rare), std::invalid_argument);
}

TEST(searching, each_virtual_thread_has_its_own_thread_local_variables) {
  static thread_local int mine = 0;
  expect_holds(all(), [] {
    sync::atomic<int> step{0};
    const auto use = [&](int value) {
      mine = value;
      step.fetch_add(1, std::memory_order_relaxed);
      check(mine == value, "still there");
    };
    together([&] { use(1); }, [&] { use(2); });
    check(mine == 0, "not changed by others");
  });
}

TEST(searching, nothing_is_explored_while_it_is_undisturbed) {
  const auto count = [](const std::function<void()>& body) {
    return explore(all(), body).executions;
  };
  const auto race = [] {
    sync::atomic<int> first{0}, second{0};
    together([&] { first.fetch_add(1); }, [&] { first.fetch_add(2); });
    together([&] { second.fetch_add(1); }, [&] { second.fetch_add(2); });
  };
  EXPECT_EQ(count(race), 4u);
  EXPECT_EQ(
      count([&] {
        sync::atomic<int> first{0}, second{0};
        undisturbed([&] { together([&] { first.fetch_add(1); }, [&] { first.fetch_add(2); }); });
        together([&] { second.fetch_add(1); }, [&] { second.fetch_add(2); });
      }),
      2u);
}

TEST(searching, what_is_undisturbed_ends_when_all_others_wait) {
  expect_holds(all(), [] {
    sync::atomic<std::uint32_t> go_on{0};
    sync::atomic<int> steps{0};
    std::optional<sync::thread> other;
    undisturbed([&] {
      other.emplace([&] {
        steps.fetch_add(1);
        while (go_on.load() == 0) sync::futex_wait(go_on, 0);
        steps.fetch_add(1);
      });
    });
    check(steps.load() == 1, "it waits");
    go_on.store(1);
    sync::futex_wake(go_on, 1);
    other->join();
    check(steps.load() == 2, "it has gone on");
  });
}

TEST(searching, exceptions_that_are_handled_belong_to_their_thread) {
  expect_holds(all(), [] {
    sync::atomic<int> step{0};
    const auto use = [&](int value) {
      try {
        throw value;
      } catch (int) {
        step.fetch_add(1, std::memory_order_relaxed);
        try {
          throw;
        } catch (int again) {
          check(again == value, "the same exception");
        }
      }
    };
    together([&] { use(1); }, [&] { use(2); });
  });
}

}  // namespace
