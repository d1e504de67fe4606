// What timeouts and task groups rely on, where their own tests would need luck.
#include "at_workers.hpp"

#include <silk/detail/scope_awaiter.hpp>

#include <concepts>
#include <coroutine>
#include <utility>

namespace {

using namespace silk_tests;

namespace detail = silk::detail;

// Behaves like a timer that fires between being armed and the start of the body.
class early_outsider final : public detail::fork_outsiders {
 public:
  std::uint64_t child_ended(detail::fork_base&) noexcept override { return 0; }
  void cancel(detail::cancel_requests&) noexcept override {}
};

struct early_outsider_base {
  early_outsider outsider;
};

class arrives_early : private early_outsider_base, public detail::scope_awaiter<void> {
 public:
  explicit arrives_early(silk::task<> body)
      : detail::scope_awaiter<void>(std::move(body), this->outsider, 1) {}

  template <std::derived_from<detail::promise_base> Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> waiting) noexcept {
    EXPECT_FALSE(arrive(1));
    return fork_awaiter::await_suspend(waiting);
  }
  void await_resume() { EXPECT_EQ(leave_scope(), detail::asked_from_above::no); }
};

class scope_awaiter : public at_workers {};
RUN_AT_1_2_AND_8_WORKERS(scope_awaiter);

// Often enough that some bodies start through the worker's loop, which brings the token at once.
TEST_P(scope_awaiter, counts_an_outsider_that_arrives_before_the_body_starts) {
  run([]() -> silk::task<> {
    int bodies = 0;
    const auto body = [&]() -> silk::task<> {
      ++bodies;
      co_return;
    };
    for (int i = 0; i < 20'000; ++i) co_await arrives_early(body());
    EXPECT_EQ(bodies, 20'000);
  });
}

}  // namespace
