// Every order of events: a program is run with one seed after the other, until one shows what is wrong.
//! [include]
#define SILK_CALL_GRAPH 1  // better for all sources of a test
#include <silk/silk.hpp>
#include <silk/testing.hpp>
//! [include]

#include <fmt/core.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

using namespace std::chrono_literals;

//! [bank]
struct account {
  silk::mutex lock;
  int balance = 100;
};

silk::task<> transfer(account& from, account& to, int amount) {
  const auto source = co_await from.lock.scoped();
  const auto destination = co_await to.lock.scoped();
  from.balance -= amount;
  to.balance += amount;
}

silk::task<> bank() {
  account ann, bob;
  const auto first = silk::spawn({.name = "ann pays"}, transfer, std::ref(ann), std::ref(bob), 10);
  const auto second = silk::spawn({.name = "bob pays"}, transfer, std::ref(bob), std::ref(ann), 20);
  co_await silk::gather(first, second);
  silk::testing::check(ann.balance + bob.balance == 200, "no money is lost");
}
//! [bank]

void explores() {
  //! [explore]
  const auto report = silk::testing::explore(bank, {.name = "bank", .seeds = 1000});
  //! [explore]
  fmt::print("{}\n", report.ok() ? "nothing is wrong" : "something is wrong");
  for (const auto& task : report.failure.stuck)
    fmt::print("{} waits for {}\n", task.name, task.waits_for);
  //! [again]
  const auto again = silk::testing::simulate(bank, {.schedule = report.failure.schedule()});
  fmt::print("{}\n", again.trace() == report.failure.trace() ? "the same again" : "not the same");
  //! [again]
}

//! [outside]
silk::task<> download(std::string& state) {
  state = "begun";
  co_await silk::sleep(1s);
  state = "half";
  co_await silk::sleep(1s);
  state = "done";
}

silk::task<> is_cancelled_at_any_moment() {
  std::string state = "not begun";
  const auto handle = silk::spawn(download, std::ref(state));
  silk::testing::outside([handle] { handle.cancel(); });
  co_await silk::gather_settled(handle);
  silk::testing::check(handle.is_cancelled() || state == "done");
}
//! [outside]

silk::task<> retries(int& attempts) {
  //! [choose]
  const bool fails = silk::testing::choose(4) == 3;  // now and then; never, once it is shrunk
  //! [choose]
  ++attempts;
  if (fails) co_await silk::sleep(1s);
}

int main() {
  explores();
  const auto cancels = silk::testing::explore(is_cancelled_at_any_moment, {.name = "cancels"});
  fmt::print("cancels: {} seeds\n", cancels.seeds);
  const auto tries = silk::testing::explore([]() -> silk::task<> {
    int attempts = 0;
    co_await silk::gather(retries(attempts), retries(attempts));
    silk::testing::check(attempts == 2);
  });
  fmt::print("retries: {} seeds\n", tries.seeds);
}

// Prints:
// something is wrong
// main waits for task 'ann pays', task 'bob pays'
// ann pays waits for its turn at silk::mutex #1
// bob pays waits for its turn at silk::mutex #2
// the same again
// cancels: 1000 seeds
// retries: 1000 seeds
