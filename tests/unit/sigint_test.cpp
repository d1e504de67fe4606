// What a runtime does with SIGINT, and what it leaves as it was.
#include "at_workers.hpp"

#include <signal.h>

#include <latch>
#include <optional>
#include <string>
#include <thread>
#include <utility>

namespace {

using namespace silk_tests;

int calls_of_the_programs_own = 0;
void the_programs_own(int) { ++calls_of_the_programs_own; }

void (*handler_now())(int) {
  struct sigaction now{};
  ::sigaction(SIGINT, nullptr, &now);
  return now.sa_handler;
}

class sigint : public at_workers {
 protected:
  void SetUp() override {
    calls_of_the_programs_own = 0;
    before_ = ::signal(SIGINT, the_programs_own);
  }
  void TearDown() override { ::signal(SIGINT, before_); }
  static silk::runtime_options cancelling() {
    auto options = virtual_time();
    options.sigint = silk::sigint::cancels_main;
    return options;
  }
  // Workers have signals blocked; so the thread is made here.
  static std::thread presses(std::latch& when, int times = 1) {
    return std::thread([&when, times] {
      when.wait();
      for (int i = 0; i < times; ++i) ::raise(SIGINT);
    });
  }

 private:
  void (*before_)(int) = nullptr;
};
RUN_AT_1_2_AND_8_WORKERS(sigint);

TEST_P(sigint, is_left_alone_unless_asked) {
  run([]() -> silk::task<> {
    EXPECT_EQ(handler_now(), the_programs_own);
    co_return;
  });
  silk::runtime runtime(cancelling());
  EXPECT_EQ(handler_now(), the_programs_own);  // nothing is run
}

TEST_P(sigint, has_its_old_handler_again_afterwards) {
  silk::runtime runtime(cancelling());
  runtime.block_on([]() -> silk::task<> {
    EXPECT_NE(handler_now(), the_programs_own);
    co_return;
  });
  EXPECT_EQ(handler_now(), the_programs_own);
  EXPECT_THROW(runtime.block_on(fail_after(1s)), boom);
  EXPECT_EQ(handler_now(), the_programs_own);
}

TEST_P(sigint, is_for_the_program_the_second_time) {
  std::latch began{1};
  std::thread fingers = presses(began, 3);
  silk::runtime runtime(cancelling());
  EXPECT_THROW(runtime.block_on([&]() -> silk::task<> {
    began.count_down();
    co_await never_ends();
  }),
               silk::interrupted);
  fingers.join();
  EXPECT_EQ(calls_of_the_programs_own, 2);
  EXPECT_EQ(handler_now(), the_programs_own);
}

TEST_P(sigint, that_comes_again_in_another_run_cancels_again) {
  silk::runtime runtime(cancelling());
  for (int i = 0; i < 5; ++i) {
    std::latch began{1};
    std::thread fingers = presses(began);
    EXPECT_THROW(runtime.block_on([&]() -> silk::task<> {
      began.count_down();
      co_await never_ends();
    }),
                 silk::interrupted);
    fingers.join();
  }
  EXPECT_EQ(calls_of_the_programs_own, 0);
}

TEST_P(sigint, that_is_ignored_stays_so) {
  ::signal(SIGINT, SIG_IGN);
  silk::runtime runtime(cancelling());
  runtime.block_on([]() -> silk::task<> {
    EXPECT_EQ(handler_now(), SIG_IGN);
    co_return;
  });
  EXPECT_EQ(handler_now(), SIG_IGN);
}

TEST_P(sigint, keeps_a_handler_that_was_set_meanwhile) {
  ::signal(SIGINT, SIG_DFL);
  silk::runtime runtime(cancelling());
  runtime.block_on([]() -> silk::task<> {
    ::signal(SIGINT, the_programs_own);
    co_return;
  });
  EXPECT_EQ(handler_now(), the_programs_own);
}

TEST_P(sigint, is_for_one_call_at_a_time) {
  silk::runtime runtime(cancelling());
  std::latch began{1};
  silk::promise<> let_go;
  const silk::future<> until = let_go.get_future();
  std::thread other([&] {
    runtime.block_on([&]() -> silk::task<> {
      began.count_down();
      co_await until;
    });
  });
  began.wait();
  bool started = false;
  EXPECT_THROW(runtime.block_on([&]() -> silk::task<> {
    started = true;
    co_return;
  }),
               silk::usage_error);
  EXPECT_FALSE(started);
  runtime.block_on(runtime.spawn(asleep(1s)));  // a future is nobody's main
  let_go.set_value();
  other.join();
  runtime.block_on(asleep(1s));
}

TEST_P(sigint, does_not_turn_another_cancel_into_an_interrupt) {
  EXPECT_THROW(silk::run(
                   []() -> silk::task<> {
                     silk::current_task().cancel();
                     co_await never_ends();
                   },
                   cancelling()),
               silk::cancelled);
}

}  // namespace
