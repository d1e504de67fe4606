// A cancel that comes when a get or put has had its turn, or is on its way to its place in the line.
#include "interposed.hpp"
#include "tasks_fixture.hpp"

#include <silk/queue.hpp>
#include <silk/silk.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <utility>

namespace {

using namespace silk_tests;
using namespace std::chrono_literals;

silk::task<> puts(silk::queue<int>& q, int item) { co_await q.put(item); }
silk::task<int> gets(silk::queue<int>& q) { co_return co_await q.get(); }

// With one worker nobody runs between a wake and what the waking task does next.

// docs/cancellation.md: r2 w14b
TEST(queue, put_goes_on_when_its_item_has_been_taken_and_the_cancel_comes_next) {
  silk::run(
      []() -> silk::task<> {
        silk::queue<int> q(1);
        q.put_nowait(1);
        std::string log;
        const auto putter = silk::spawn([&]() -> silk::task<> {
          co_await q.put(2);
          log += "put ";
          const std::string next = co_await ending(at_rest());
          log += next;
        });
        co_await at_rest();
        EXPECT_EQ(q.get_nowait(), 1);
        EXPECT_EQ(q.get_nowait(), 2);
        putter.cancel("enough");
        co_await putter;
        EXPECT_EQ(log, "put cancelled: enough");
        EXPECT_EQ(q.unfinished(), 2u);
      },
      virtual_time(1));
}

// The getter belongs to another runtime, which is kept from running it.
// docs/cancellation.md: r2 w14b
TEST(queue, put_goes_on_when_a_getter_has_been_woken_for_its_item) {
  silk::queue<int> q(1);
  silk::runtime here(steady_time(1)), there(steady_time(1));
  std::optional<silk::join_handle<void>> putter;
  std::string log;
  const auto first = here.spawn([&]() -> silk::task<> {
    static_cast<void>(co_await q.get());  // makes room: 2 goes in, and is promised to second
    putter->cancel();
  });
  let_run(here);
  const auto second = there.spawn(gets(q));
  let_run(there);
  EXPECT_EQ(q.waiting_getters(), 2u);
  roadblock block(there), until_it_is_known(here);
  putter = here.spawn([&]() -> silk::task<> {
    q.put_nowait(1);  // first is woken, but cannot run before this task waits
    co_await q.put(2);
    log = "put";
  });
  until_it_is_known.release();
  EXPECT_EQ(here.block_on(ending(*putter)), "cancelled");  // its value became cancelled
  EXPECT_EQ(log, "put");
  EXPECT_EQ(q.try_get(), std::nullopt);
  block.release();
  EXPECT_EQ(there.block_on(silk::future<int>(second)), 2);
  here.block_on(silk::future<void>(first));
}

// docs/cancellation.md: w14b
TEST(queue, put_that_is_taken_back_makes_room_for_the_next) {
  silk::run(
      []() -> silk::task<> {
        silk::queue<int> q(1);
        q.put_nowait(1);
        const auto taken_back = silk::spawn(puts(q, 2));
        co_await at_rest();
        const auto next = silk::spawn(puts(q, 3));
        co_await at_rest();
        static_cast<void>(q.get_nowait());
        taken_back.cancel();
        const std::string end = co_await ending(taken_back);
        EXPECT_EQ(end, "cancelled");
        co_await next;
        EXPECT_EQ(q.unfinished(), 2u);
        EXPECT_EQ(q.get_nowait(), 3);
      },
      virtual_time(1));
}

TEST(queue, put_that_is_taken_back_ends_a_join_and_the_gets_of_a_closed_queue) {
  silk::run(
      []() -> silk::task<> {
        silk::queue<int> q(1);
        q.put_nowait(1);
        const auto taken_back = silk::spawn(puts(q, 2));
        const auto joiner = silk::spawn([&]() -> silk::task<> { co_await q.join(); });
        co_await at_rest();
        static_cast<void>(q.get_nowait());
        q.task_done();
        q.close();
        taken_back.cancel();
        const std::string end = co_await ending(taken_back);
        EXPECT_EQ(end, "cancelled");
        co_await joiner;
        const std::string get = co_await ending(q.get());
        EXPECT_EQ(get, "closed");
      },
      virtual_time(1));
}

TEST(queue, put_that_was_accepted_stays_so_when_its_item_is_discarded) {
  silk::run(
      []() -> silk::task<> {
        silk::queue<int> q(1);
        q.put_nowait(1);
        std::string log;
        const auto putter = silk::spawn([&]() -> silk::task<> {
          co_await q.put(2);
          log = "put";
        });
        co_await at_rest();
        static_cast<void>(q.get_nowait());
        EXPECT_EQ(q.close(silk::close_mode::discard), 1u);
        putter.cancel();
        const std::string end = co_await ending(putter);
        EXPECT_EQ(end, "cancelled");
        EXPECT_EQ(log, "put");
      },
      virtual_time(1));
}

// docs/cancellation.md: w13b
TEST(queue, get_leaves_the_item_for_others_when_there_is_no_next_getter) {
  silk::run(
      []() -> silk::task<> {
        silk::queue<int> q;
        const auto getter = silk::spawn(gets(q));
        co_await at_rest();
        q.put_nowait(1);
        EXPECT_EQ(q.size(), 1u);
        EXPECT_EQ(q.try_get(), std::nullopt);  // it is promised
        getter.cancel();
        const std::string end = co_await ending(getter);
        EXPECT_EQ(end, "cancelled");
        EXPECT_EQ(q.try_get(), 1);
      },
      virtual_time(1));
}

// The queue is closed while its only item is promised: the getter behind must not be told yet that it
// is over, since the promise may come to nothing.
// docs/cancellation.md: w13b
TEST(queue, last_item_is_not_lost_when_its_getter_is_cancelled_after_close) {
  silk::run(
      []() -> silk::task<> {
        silk::queue<int> q;
        const auto first = silk::spawn(gets(q));
        co_await at_rest();
        const auto second = silk::spawn(gets(q));
        co_await at_rest();
        const auto third = silk::spawn(gets(q));
        co_await at_rest();
        q.put_nowait(1);
        q.close();
        EXPECT_EQ(q.waiting_getters(), 2u);
        first.cancel();
        const std::string end = co_await ending(first);
        EXPECT_EQ(end, "cancelled");
        const int got = co_await second;
        EXPECT_EQ(got, 1);
        const std::string over = co_await ending(third);
        EXPECT_EQ(over, "closed");
      },
      virtual_time(1));
}

// ---- on the way ----

// The item comes when the getter has found none, so it need not wait; then it is cancelled.
TEST(queue, get_gives_up_an_item_that_it_found_on_its_way_into_the_line) {
  silk::queue<int> q;
  silk::runtime runtime(virtual_time(1));
  knows_itself<> getter(runtime, [&](knows_itself<>& self) -> silk::task<> {
    const auto put = [&] { q.put_nowait(1); };
    const auto cancel = [&] { self.handle().cancel(); };
    static_cast<void>(co_await interposed(q.get(), put, cancel));
  });
  EXPECT_EQ(runtime.block_on(ending(getter.handle())), "cancelled");
  EXPECT_EQ(q.try_get(), 1);
}

TEST(queue, get_takes_an_item_that_it_found_on_its_way_into_the_line) {
  silk::queue<int> q;
  silk::run(
      [&]() -> silk::task<> {
        const auto put = [&] { q.put_nowait(1); };
        const auto look = [&] { EXPECT_EQ(q.try_get(), std::nullopt); };  // it is promised
        const int got = co_await interposed(q.get(), put, look);
        EXPECT_EQ(got, 1);
        EXPECT_TRUE(q.empty());
      },
      virtual_time(1));
}

TEST(queue, put_takes_back_what_it_put_on_its_way_into_the_line) {
  silk::queue<int> q(1);
  q.put_nowait(1);
  silk::runtime runtime(virtual_time(1));
  knows_itself<> putter(runtime, [&](knows_itself<>& self) -> silk::task<> {
    const auto make_room = [&] { EXPECT_EQ(q.get_nowait(), 1); };
    const auto cancel = [&] { self.handle().cancel(); };
    co_await interposed(q.put(2), make_room, cancel);
  });
  EXPECT_EQ(runtime.block_on(ending(putter.handle())), "cancelled");
  EXPECT_TRUE(q.empty());
  EXPECT_EQ(q.unfinished(), 1u);
}

TEST(queue, put_keeps_what_it_put_on_its_way_into_the_line_when_it_is_taken_at_once) {
  silk::queue<int> q(1);
  q.put_nowait(1);
  silk::run(
      [&]() -> silk::task<> {
        const auto make_room = [&] { EXPECT_EQ(q.get_nowait(), 1); };
        const auto take = [&] { EXPECT_EQ(q.get_nowait(), 2); };
        co_await interposed(q.put(2), make_room, take);
        EXPECT_TRUE(q.empty());
      },
      virtual_time(1));
}

TEST(queue, get_and_put_notice_a_close_on_their_way_into_the_line) {
  silk::run(
      []() -> silk::task<> {
        silk::queue<int> empty, full(1);
        full.put_nowait(1);
        const auto get = [&]() -> silk::task<> {
          const auto close = [&] { empty.close(); };
          static_cast<void>(co_await interposed(empty.get(), close, nullptr));
        };
        const auto put = [&]() -> silk::task<> {
          const auto close = [&] { full.close(); };
          co_await interposed(full.put(2), close, nullptr);
        };
        const std::string get_end = co_await ending(get());
        const std::string put_end = co_await ending(put());
        EXPECT_EQ(get_end, "closed");
        EXPECT_EQ(put_end, "closed");
        EXPECT_EQ(full.size(), 1u);
      },
      virtual_time(1));
}

}  // namespace
