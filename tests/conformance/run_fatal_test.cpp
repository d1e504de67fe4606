// Rows of the area `run`, about fatal exceptions.
#include "row.hpp"

#include <atomic>
#include <utility>

namespace {

using namespace silk_conformance;

ROW(run, restart_after_fatal) {
  silk::join_handle<>
      thrower;  // tasks that block_on has left behind refer to what is before the runtime
  silk::promise<int> answer;
  const silk::future<int> survivor = answer.get_future();
  silk::runtime runtime(options());
  const auto program = [&]() -> silk::task<> {
    thrower = silk::spawn(quits());
    co_await survivor;
  };
  EXPECT_THROW(runtime.block_on(program), quit);
  EXPECT_THROW(runtime.block_on(thrower), quit);  // as its own exception
  EXPECT_FALSE(survivor.done());

  // Nothing is left of it: not for the next call, nor for what the first one waited for.
  EXPECT_EQ(runtime.block_on([]() -> silk::task<int> { co_return 42; }), 42);
  runtime.block_on([]() -> silk::task<> { co_await silk::sleep(1s); });

  // The same when a callback throws it.
  const auto posts = [&]() -> silk::task<> {
    silk::runtime::current().post([] { throw quit(); });
    co_await survivor;
  };
  EXPECT_THROW(runtime.block_on(posts), quit);
  EXPECT_FALSE(survivor.done());
  runtime.block_on([]() -> silk::task<> { co_await silk::sleep(1s); });
  answer.set_value(7);
  EXPECT_EQ(runtime.block_on(survivor), 7);
}

ROW(run, fatal_exception_not_reported_twice) {
  std::atomic<int> reports = 0;
  auto chosen = options();
  chosen.on_failure = [&](const silk::failure&) { ++reports; };
  {
    silk::runtime runtime(chosen);
    EXPECT_THROW(runtime.block_on(quits()), quit);
    const auto program = []() -> silk::task<> {
      silk::spawn(quits());
      co_await never_ends();
    };
    EXPECT_THROW(runtime.block_on(program), quit);
    const auto posting = []() -> silk::task<> {
      silk::runtime::current().post([] { throw quit(); });
      co_await never_ends();
    };
    EXPECT_THROW(runtime.block_on(posting), quit);
  }
  EXPECT_EQ(reports, 0);
}

}  // namespace
