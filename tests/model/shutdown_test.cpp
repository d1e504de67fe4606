// Design invariant 8 (runtime_core's I8): a spawn or a post that races with the end of the runtime runs,
// is cancelled or is refused; nothing is left behind, and nobody touches what is gone.
#include "pool_fixture.hpp"
#include "task_fixture.hpp"

namespace {

using namespace silk::model::tasks;

silk::task<int> work(int& runs) {
  ++runs;
  co_return 7;
}

enum class fate : std::uint8_t { refused, cancelled, ran };

// A thread that is no worker spawns.
fate spawn_from_outside(silk::runtime& in, silk::join_handle<int>& handle, int& runs) {
  try {
    handle = in.spawn(work(runs));
    return fate::ran;
  } catch (const silk::usage_error&) {
    return fate::refused;
  }
}

TEST(shutdown, a_spawn_meets_the_end_of_the_runtime) {
  expect_holds(within(2, 1), [] {
    int runs = 0;
    silk::manual_runtime here(quiet());
    silk::join_handle<int> handle;
    fate of_task = fate::refused;
    together([&] { here.shutdown(); }, [&] { of_task = spawn_from_outside(here, handle, runs); });
    if (of_task == fate::ran && was_cancelled(handle, 7)) of_task = fate::cancelled;
    check(runs == (of_task == fate::ran ? 1 : 0), "it ran, or it did not");
  });
}

// Handed over by close(), which waits for nobody, the end comes with the next drive.
TEST(shutdown, a_spawn_meets_the_beginning_of_the_end) {
  expect_holds(within(2, 1), [] {
    int runs = 0;
    silk::join_handle<int> handle;
    fate of_task = fate::refused;
    {
      silk::manual_runtime here(quiet());
      together([&] { here.close(); }, [&] { of_task = spawn_from_outside(here, handle, runs); });
    }
    check(of_task != fate::refused, "a runtime that is closing takes tasks, cancelled");
    if (was_cancelled(handle, 7)) of_task = fate::cancelled;
    check(runs == (of_task == fate::ran ? 1 : 0), "it ran, or it did not");
  });
}

TEST(shutdown, a_post_meets_the_end_of_the_runtime) {
  expect_holds(within(2, 1), [] {
    int calls = 0;
    bool refused = false;
    {
      silk::manual_runtime here(quiet());
      together([&] { here.shutdown(); },
               [&] {
                 try {
                   here.post([&] { ++calls; });
                 } catch (const silk::usage_error&) {
                   refused = true;
                 }
               });
    }
    check(calls == (refused ? 0 : 1), "it is called once, or refused");
  });
}

// The owner of a group runs when the end begins. Its child ends cancelled because of that, on another worker: no
// ordinary end, after which the owner might go on.
TEST(shutdown, a_task_that_runs_does_not_take_the_end_of_its_child_for_an_ordinary_one) {
  expect_holds(within(2, 1), [] {
    silk::event go_on, never;
    bool went_on = false;
    const auto waits = [&]() -> silk::task<> { co_await never.wait(); };
    const auto owns = [&]() -> silk::task<int> {
      co_await silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
        group.spawn(waits());
        co_await go_on.wait();
      });
      went_on = true;
      co_return 7;
    };
    silk::join_handle<int> owner;
    {
      silk::manual_runtime here(quiet());
      second_worker other(here);
      owner = here.spawn(owns());
      here.run_ready();
      go_on.set();
      together([&] { here.run_ready(); }, [&] { here.close(); }, [&] { other.work(); });
    }
    check(was_cancelled(owner, 7) && !went_on, "the owner is cancelled, too");
  });
}

TEST(shutdown, a_task_that_waits_is_cancelled_while_it_is_let_go_on) {
  expect_holds(within(2, 1), [] {
    const auto waits = [](silk::event& for_it) -> silk::task<int> {
      co_await for_it.wait();
      co_return 7;
    };
    silk::event go_on;
    silk::join_handle<int> handle;
    {
      silk::manual_runtime here(quiet());
      handle = here.spawn(waits(go_on));
      here.run_ready();
      together([&] { here.shutdown(); }, [&] { go_on.set(); });
    }
    static_cast<void>(was_cancelled(handle, 7));
    check(go_on.waiting() == 0, "nobody is in line");
  });
}

}  // namespace
