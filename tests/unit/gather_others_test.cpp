// gather and gather_settled of what is neither task nor handle: sleep, with_timeout, the verbs of a queue,
// awaitables that know nothing of silk.
#include "at_workers.hpp"

#include <coroutine>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace {

using namespace silk_tests;

class gather_others : public at_workers {};
RUN_AT_1_2_AND_8_WORKERS(gather_others);

// Knows nothing of silk.
struct foreign {
  explicit foreign(int n) : number(n) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) const { waiting.resume(); }
  int await_resume() const noexcept { return number; }
  int number;
};

TEST_P(gather_others, wait_at_the_same_time) {
  run([]() -> silk::task<> {
    const silk::time_point begin = silk::now();
    const auto [slept, answer] =
        co_await silk::gather(silk::sleep(1s), silk::with_timeout(2s, answer_after(1s, 7)));
    static_assert(std::is_same_v<decltype(slept), const std::monostate>);
    EXPECT_EQ(answer, 7);
    EXPECT_EQ(silk::now() - begin, 1s);
  });
}

TEST_P(gather_others, of_void_only_give_nothing) {
  run([]() -> silk::task<> {
    static_assert(std::is_void_v<decltype(silk::gather(silk::sleep(1s)).await_resume())>);
    co_await silk::gather(silk::sleep(1s), silk::yield());
    EXPECT_EQ(silk::now().time_since_epoch(), 1s);
  });
}

TEST_P(gather_others, mix_with_tasks_and_handles) {
  run([]() -> silk::task<> {
    silk::queue<std::string> words;
    const auto handle = silk::spawn(answer_after(1s, 1));
    const auto speaks = [&]() -> silk::task<> {
      co_await silk::sleep(1s);
      words.put_nowait("word");
    };
    const auto [one, word, spoke, five, six] =
        co_await silk::gather(handle, words.get(), speaks(), foreign(5), answer_after(1s, 6));
    EXPECT_EQ(one, 1);
    EXPECT_EQ(word, "word");
    EXPECT_EQ(five, 5);
    EXPECT_EQ(six, 6);
    EXPECT_EQ(words.size(), 0u);
  });
}

TEST_P(gather_others, may_be_gathers) {
  run([]() -> silk::task<> {
    const auto [pair, three] =
        co_await silk::gather(silk::gather(answer_after(1s, 1), answer_after(1s, 2)), foreign(3));
    EXPECT_EQ(pair, std::tuple(1, 2));
    EXPECT_EQ(three, 3);
  });
}

TEST_P(gather_others, are_cancelled_when_a_sibling_fails) {
  run([]() -> silk::task<> {
    bool cleaned = false;
    const auto all = [&]() -> silk::task<> {
      co_await silk::gather(silk::sleep(1h), fail_after(1s),
                            silk::with_timeout(1h, cleans_up_for(1s, cleaned)));
    };
    const std::string how = co_await ending(all());
    EXPECT_EQ(how, "boom");
    EXPECT_TRUE(cleaned);
    EXPECT_EQ(silk::now().time_since_epoch(), 2s);
  });
}

TEST_P(gather_others, fail_it_and_cancel_the_tasks) {
  run([]() -> silk::task<> {
    bool cleaned = false;
    const auto all = [&]() -> silk::task<> {
      co_await silk::gather(cleans_up_for(1s, cleaned), silk::with_timeout(1s, never_ends()));
    };
    const std::string how = co_await ending(all());
    EXPECT_EQ(how, "timeout");
    EXPECT_TRUE(cleaned);
  });
}

TEST_P(gather_others, are_cancelled_with_the_gather) {
  run([]() -> silk::task<> {
    silk::queue<int> items;
    const auto all =
        silk::spawn([&]() -> silk::task<> { co_await silk::gather(silk::sleep(1h), items.get()); });
    co_await silk::sleep(1s);
    EXPECT_EQ(items.waiting_getters(), 1u);
    all.cancel("enough");
    const silk::settled<void> end = std::get<0>(co_await silk::gather_settled(all));
    EXPECT_TRUE(end.is_cancelled());
    EXPECT_EQ(items.waiting_getters(), 0u);
    EXPECT_EQ(silk::now().time_since_epoch(), 1s);
  });
}

TEST_P(gather_others, settle_with_every_outcome) {
  run([]() -> silk::task<> {
    const auto [late, slept, five] = co_await silk::gather_settled(
        silk::with_timeout(1s, never_ends()), silk::sleep(2s), foreign(5));
    EXPECT_THROW(late.value(), silk::timeout_error);
    EXPECT_TRUE(slept.has_value());
    EXPECT_EQ(five.value(), 5);
    EXPECT_EQ(silk::now().time_since_epoch(), 2s);
  });
}

}  // namespace
