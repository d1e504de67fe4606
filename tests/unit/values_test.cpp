// Every kind of value passes through every verb: unharmed, uncopied where it cannot be copied, and at
// an address that its type asks for.
#include "support/programs.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

namespace {

using silk_tests::ending;
using silk_tests::told;
using silk_tests::virtual_time;

int referred_to = 7;

struct no_default {
  explicit no_default(int n) : number(n) {}
  int number;
};

struct alignas(64) over_aligned {
  explicit over_aligned(int n) : number(n) {}
  int number;
  std::array<std::byte, 60> rest{};
};

struct throwing_move {
  explicit throwing_move(int n) : number(n) {}
  throwing_move(throwing_move&& other) noexcept(false) : number(other.number) {}
  int number;
};

// ---- what a kind of value is made of, and how it is recognised ----

template <class T>
struct value_kind {
  static T make() { return T(7); }
  static bool is_whole(const T& value) {
    return value.number == 7 && reinterpret_cast<std::uintptr_t>(&value) % alignof(T) == 0;
  }
};
template <>
struct value_kind<int> {
  static int make() { return 7; }
  static bool is_whole(const int& value) { return value == 7; }
};
template <>
struct value_kind<std::unique_ptr<int>> {
  static std::unique_ptr<int> make() { return std::make_unique<int>(7); }
  static bool is_whole(const std::unique_ptr<int>& value) { return value && *value == 7; }
};
template <>
struct value_kind<std::reference_wrapper<int>> {
  static std::reference_wrapper<int> make() { return referred_to; }
  static bool is_whole(std::reference_wrapper<int> value) { return &value.get() == &referred_to; }
};

template <class T>
silk::task<T> give() {
  co_return value_kind<T>::make();
}
template <class T>
silk::task<T> give_later() {
  co_await silk::yield();
  co_return value_kind<T>::make();
}

template <class T>
class values : public testing::Test {};
using kinds = testing::Types<std::unique_ptr<int>, std::reference_wrapper<int>, no_default,
                             over_aligned, throwing_move>;
TYPED_TEST_SUITE(values, kinds);

// GCC 12 does not align the locals of a coroutine beyond 16 bytes, whatever they are: values are
// looked at where silk or a plain function keeps them.
template <class T>
bool looks_whole(T&& value) {
  const T here(std::move(value));
  return value_kind<T>::is_whole(here);
}

TYPED_TEST(values, pass_through_inline_awaits_and_run) {
  auto awaits = []() -> silk::task<TypeParam> {
    TypeParam at_once = co_await give<TypeParam>();
    EXPECT_TRUE(looks_whole<TypeParam>(std::move(at_once)));
    TypeParam later = co_await give_later<TypeParam>();
    co_return std::move(later);
  };
  EXPECT_TRUE(looks_whole<TypeParam>(silk::run(awaits())));
}

TYPED_TEST(values, stay_where_they_are_in_a_handle) {
  silk::runtime runtime;
  silk::join_handle<TypeParam> handle = runtime.spawn(give_later<TypeParam>());
  const TypeParam* seen = runtime.block_on([&]() -> silk::task<const TypeParam*> {
    const TypeParam& value = co_await handle;
    co_return &value;
  });
  EXPECT_TRUE(value_kind<TypeParam>::is_whole(*seen));
  EXPECT_EQ(seen, &handle.result());
}

TYPED_TEST(values, pass_from_promise_to_future) {
  silk::promise<TypeParam> promise;
  promise.set_value(value_kind<TypeParam>::make());
  EXPECT_TRUE(value_kind<TypeParam>::is_whole(promise.get_future().result()));
}

TYPED_TEST(values, pass_through_gather) {
  silk::run([]() -> silk::task<> {
    auto both = co_await silk::gather(give_later<TypeParam>(), give<TypeParam>());
    EXPECT_TRUE(looks_whole<TypeParam>(std::move(std::get<0>(both))));
    EXPECT_TRUE(looks_whole<TypeParam>(std::move(std::get<1>(both))));
  });
}

TYPED_TEST(values, pass_through_gather_of_a_range) {
  silk::run([]() -> silk::task<> {
    std::vector<silk::task<TypeParam>> tasks;
    for (int i = 0; i < 20; ++i)
      tasks.push_back(i % 2 ? give<TypeParam>() : give_later<TypeParam>());
    const std::vector<TypeParam> all = co_await silk::gather(std::move(tasks));
    EXPECT_EQ(all.size(), 20u);
    for (const TypeParam& value : all) EXPECT_TRUE(value_kind<TypeParam>::is_whole(value));
  });
}

TYPED_TEST(values, pass_through_gather_of_handles) {
  silk::run([]() -> silk::task<> {
    std::vector<silk::join_handle<TypeParam>> handles;
    for (int i = 0; i < 3; ++i) handles.push_back(silk::spawn(give_later<TypeParam>()));
    const std::vector<TypeParam> all = co_await silk::gather(std::move(handles));
    EXPECT_EQ(all.size(), 3u);
    for (const TypeParam& value : all) EXPECT_TRUE(value_kind<TypeParam>::is_whole(value));
  });
}

TYPED_TEST(values, pass_through_gather_settled) {
  silk::run([]() -> silk::task<> {
    auto both = co_await silk::gather_settled(give_later<TypeParam>(), give<TypeParam>());
    EXPECT_TRUE(looks_whole<TypeParam>(std::move(std::get<0>(both)).value()));
    EXPECT_TRUE(looks_whole<TypeParam>(std::move(std::get<1>(both)).value()));
  });
}

TYPED_TEST(values, are_taken_out_of_a_handle_within_a_timeout) {
  silk::run([]() -> silk::task<> {
    auto handle = silk::spawn(give_later<TypeParam>());
    TypeParam value = co_await silk::with_timeout(std::chrono::hours(1), std::move(handle));
    EXPECT_TRUE(looks_whole<TypeParam>(std::move(value)));
  });
}

// ---- void ----

TEST(values_of_void, pass_through_every_verb) {
  silk::run([]() -> silk::task<> {
    co_await silk::yield();
    co_await silk::spawn([]() -> silk::task<> { co_return; });
    silk::promise<> promise;
    promise.set_value();
    co_await promise.get_future();
    std::tuple<int, std::monostate> mixed =
        co_await silk::gather(give<int>(), []() -> silk::task<> { co_return; }());
    EXPECT_EQ(std::get<0>(mixed), 7);
    std::vector<silk::task<>> tasks;
    tasks.push_back([]() -> silk::task<> { co_return; }());
    co_await silk::gather(std::move(tasks));
  });
}

TEST(values_in_braces, are_returned_as_from_a_function) {
  auto pair = []() -> silk::task<std::pair<int, std::string>> { co_return {7, "seven"}; };
  EXPECT_EQ(silk::run(pair()), std::pair(7, std::string("seven")));
  auto empty = []() -> silk::task<std::vector<int>> { co_return {}; };
  EXPECT_TRUE(silk::run(empty()).empty());
}

// ---- constructors that throw ----

struct throws_when_moved {
  explicit throws_when_moved(std::shared_ptr<int> token) : alive(std::move(token)) {}
  throws_when_moved(throws_when_moved&& other) : alive(other.alive) {
    throw std::runtime_error("the move failed");
  }
  std::shared_ptr<int> alive;
};

silk::task<throws_when_moved> return_badly(std::shared_ptr<int> token) {
  throws_when_moved value(std::move(token));
  co_return std::move(value);
}

TEST(values_that_throw, fail_the_task_when_co_return_cannot_move_them) {
  auto token = std::make_shared<int>();
  silk::run([&]() -> silk::task<> {
    const std::string awaited = co_await ending(return_badly(token));
    EXPECT_EQ(awaited, "the move failed");
    const std::string joined = co_await ending(silk::spawn(return_badly(token)));
    EXPECT_EQ(joined, "the move failed");
    const std::string gathered = co_await ending([](std::shared_ptr<int> t) -> silk::task<> {
      co_await silk::gather(return_badly(t), return_badly(t));
    }(token));
    EXPECT_EQ(gathered, "the move failed");
  });
  EXPECT_EQ(token.use_count(), 1);
}

struct throws_in_place {
  throws_in_place(int first, int second) : sum(first + second) {
    if (sum < 0) throw std::runtime_error("the sum is negative");
  }
  int sum;
};

TEST(values_that_throw, leave_the_future_pending_when_set_value_cannot_make_them) {
  silk::promise<throws_in_place> promise;
  EXPECT_EQ(told([&] { promise.set_value(-1, -2); }), "the sum is negative");
  EXPECT_FALSE(promise.done());
  promise.set_value(1, 2);
  EXPECT_EQ(promise.get_future().result().sum, 3);
}

TEST(values_that_throw, fail_the_await_that_moves_them_out_of_a_future) {
  struct picky {
    explicit picky(bool* m) : may_move(m) {}
    picky(picky&& other) : may_move(other.may_move) {
      if (!*may_move) throw std::runtime_error("the move failed");
    }
    bool* may_move;
  };
  bool may_move = true;
  silk::run([&]() -> silk::task<> {
    silk::join_handle<picky> handle =
        silk::spawn([](bool* m) -> silk::task<picky> { co_return picky(m); }, &may_move);
    std::vector handles{handle};
    co_await silk::wait(std::move(handles));
    may_move = false;
    const std::string taken = co_await ending(
        [](auto h) -> silk::task<> { static_cast<void>(co_await std::move(h)); }(handle));
    EXPECT_EQ(taken, "the move failed");
  });
}

// ---- lifetimes ----

TEST(values_in_a_handle, are_destroyed_with_the_last_one) {
  auto token = std::make_shared<int>(1);
  silk::runtime runtime(virtual_time(2));
  auto handle = runtime.spawn([&]() -> silk::task<std::shared_ptr<int>> { co_return token; });
  runtime.block_on(silk::future<std::shared_ptr<int>>(handle));
  silk::future<std::shared_ptr<int>> other = handle;
  handle = {};
  EXPECT_EQ(*other.result(), 1);
  other = {};
  runtime.shutdown();
  EXPECT_EQ(token.use_count(), 1);
}

TEST(values_in_a_handle, may_spawn_and_drop_tasks_in_their_destructors) {
  struct busy_end {
    busy_end(std::atomic<int>& c, silk::runtime& r) : count(&c), runtime(&r) {}
    busy_end(busy_end&& other) noexcept
        : count(std::exchange(other.count, nullptr)), runtime(other.runtime) {}
    ~busy_end() {
      if (count == nullptr) return;
      runtime->spawn(
          [](std::atomic<int>* c) -> silk::task<> {
            ++*c;
            co_return;
          },
          count);
    }
    std::atomic<int>* count;
    silk::runtime* runtime;
  };
  std::atomic<int> ended = 0;
  silk::runtime runtime(virtual_time(4));
  runtime.block_on([&]() -> silk::task<> {
    std::vector<silk::join_handle<busy_end>> handles;
    for (int i = 0; i < 100; ++i) {
      handles.push_back(
          silk::spawn([&]() -> silk::task<busy_end> { co_return busy_end(ended, runtime); }));
    }
    co_await silk::wait(std::move(handles));
  });
  while (runtime.live_tasks() != 0) std::this_thread::yield();
  EXPECT_EQ(ended, 100);
}

}  // namespace
