// ROW(area, name): the proof of the row `area.name` of asyncio.tsv. The test has the row's id as its
// name; its body runs in virtual time with 1, 2 and 8 workers, one after the other.
//
//   ROW(gather, first_exception_propagates) {
//     run([&]() -> silk::task<> { ... });
//   }
#pragma once

#include "support/programs.hpp"

#include <silk/silk.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>

#define ROW(area, name)                                   \
  struct row_##area##_##name : silk_conformance::row {    \
    using row::row;                                       \
    void prove();                                         \
  };                                                      \
  TEST(area, name) {                                      \
    for (const unsigned workers : {1u, 2u, 8u}) {         \
      SCOPED_TRACE(std::to_string(workers) + " workers"); \
      row_##area##_##name(workers).prove();               \
      if (HasFatalFailure()) return;                      \
    }                                                     \
  }                                                       \
  void row_##area##_##name::prove()

namespace silk_conformance {

using namespace std::chrono_literals;
using silk_tests::at_rest;
using silk_tests::elapsed;
using silk_tests::ending;
using silk_tests::let_time_pass_if_it_can;
using silk_tests::never_ends;
using silk_tests::told;
using silk_tests::told_of;

class row {
 public:
  explicit row(unsigned workers) noexcept : workers_(workers) {}

 protected:
  unsigned workers() const noexcept { return workers_; }
  silk::runtime_options options() const { return silk_tests::virtual_time(workers_); }
  // Runs a program in virtual time and gives its value.
  template <class Program>
  auto run(Program&& program) const {
    return silk::run(std::forward<Program>(program), options());
  }

 private:
  unsigned workers_;
};

// What a task throws in a row: "E" of the table.
struct failure_e : std::runtime_error {
  explicit failure_e(const std::string& what = "E") : std::runtime_error(what) {}
};

// What ends the program: of the category that is SystemExit and KeyboardInterrupt in asyncio.
struct quit : silk::fatal {
  const char* what() const noexcept override { return "quit"; }
};

// Everything that was runnable has had a few turns, on one worker in order. For a state that must not
// change, and for a waiter to be in its place; not for an event that must come.
inline silk::task<> turns(int count = 10) {
  for (int i = 0; i < count; ++i) co_await silk::yield();
}

inline silk::task<> nothing() { co_return; }
inline silk::task<int> gives_after(silk::duration d, int value) {
  co_await silk::sleep(d);
  co_return value;
}
// Not before whoever spawned it has come to rest.
inline silk::task<> quits() {
  co_await at_rest();
  throw quit();
}

}  // namespace silk_conformance
