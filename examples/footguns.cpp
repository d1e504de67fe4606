// What docs/footguns/ says to write.
#include <silk/silk.hpp>

#include <fmt/core.h>

#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

namespace {

//! [parameters]
silk::task<> greet(std::string name) {  // a copy, or moved: it lives in the task
  co_await silk::sleep(1ms);
  fmt::print("hello {}\n", name);
}

silk::task<> add(int& sum, int n) {  // awaited by whoever owns `sum`: fine
  co_await silk::sleep(1ms);
  sum += n;
}

silk::task<> parameters() {
  const auto greeting = silk::spawn(greet("Ada"));
  int sum = 0;
  co_await add(sum, 2);
  const auto more = silk::spawn(add, std::ref(sum), 3);  // std::ref: "I know, and I wait for it"
  co_await more;
  co_await greeting;
  fmt::print("sum {}\n", sum);
}
//! [parameters]

//! [lambdas]
silk::task<> lambdas() {
  std::string name = "Grace";
  const auto greets = [](std::string whom) -> silk::task<> {  // no captures, but parameters
    co_await silk::sleep(1ms);
    fmt::print("hello {}\n", whom);
  };
  const auto greeting =
      silk::spawn(greets, name);  // lambda and argument are kept until it has ended
  co_await greeting;
  co_await greets("Barbara");
}
//! [lambdas]

//! [blocking]
int slow_query() {  // of a library that knows nothing of tasks
  std::this_thread::sleep_for(1ms);
  return 42;
}

silk::task<> blocking() {
  const int answer = co_await silk::to_thread(slow_query);  // on a thread that may block
  fmt::print("answer {}\n", answer);
}
//! [blocking]

//! [computing]
silk::task<long> sum_of(const std::vector<int>& numbers) {
  long sum = 0;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    sum += numbers[i];
    if (i % 10'000 == 0) co_await silk::yield();  // others have a turn
  }
  co_return sum;
}
//! [computing]

silk::task<> computing() {
  const std::vector<int> numbers(100'000, 2);
  const long sum = co_await sum_of(numbers);
  fmt::print("sum {}\n", sum);
}

//! [locks]
class account {
 public:
  silk::task<> deposit(int amount) {
    const auto hold = co_await lock_.scoped();  // suspends the task, never its worker
    const int before = balance_;
    co_await silk::sleep(1ms);
    balance_ = before + amount;
  }
  int balance() const { return balance_; }

 private:
  silk::mutex lock_;
  int balance_ = 0;  // guarded by lock_
};
//! [locks]

silk::task<> locks() {
  account shared;
  co_await silk::gather(shared.deposit(1), shared.deposit(2));
  fmt::print("balance {}\n", shared.balance());
}

//! [thread_locals]
thread_local std::string scratch;

std::string shout(const std::string& text) {  // no co_await in here: `scratch` stays the same
  scratch = text;
  scratch += "!";
  return scratch;
}

silk::task<> thread_locals(
    std::string user) {  // what belongs to the task is a parameter or a local
  co_await silk::sleep(1ms);
  fmt::print("{}\n", shout(user));
}
//! [thread_locals]

silk::task<> nothing_forgotten() {
  //! [detached]
  auto flushed = silk::spawn({.name = "flush"}, silk::sleep(1ms));  // runs from here on
  co_await std::move(
      flushed);  // or let the handle go: it runs on, and the runtime tells of failures
  //! [detached]
}

//! [block_on]
silk::task<int> twice(int n) {
  co_await silk::sleep(1ms);
  co_return 2 * n;
}

silk::task<> in_a_task() {
  const int four = co_await twice(2);  // never block_on: that is for threads outside
  fmt::print("{}\n", four);
}
//! [block_on]

}  // namespace

int main() {
  silk::run([]() -> silk::task<> {
    co_await parameters();
    co_await lambdas();
    co_await blocking();
    co_await computing();
    co_await locks();
    co_await thread_locals("hey");
    co_await nothing_forgotten();
    co_await in_a_task();
  });
}

// Prints:
// hello Ada
// sum 5
// hello Grace
// hello Barbara
// answer 42
// sum 200000
// balance 3
// hey!
// 4
