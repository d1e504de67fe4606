// ROW(area, name): the proof of the row `area.name` of asyncio.tsv. The test has the row's id as its
// name; its body runs in virtual time with 1, 2 and 8 workers, one after the other.
//
//   ROW(gather, first_exception_propagates) {
//     run([&]() -> silk::task<> { ... });
//   }
#pragma once

#include <silk/silk.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <exception>
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

class row {
 public:
  explicit row(unsigned workers) noexcept : workers_(workers) {}

 protected:
  unsigned workers() const noexcept { return workers_; }
  silk::runtime_options options() const {
    return {.workers = workers_, .time = silk::time_source::virtual_time};
  }
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

// How something ended: "value", "cancelled", "cancelled: reason", "timeout", "usage", "closed",
// "invalid argument", "group", or what() of any other exception.
template <class Throwing>
std::string told(Throwing throwing) {
  try {
    throwing();
    return "value";
  } catch (const silk::cancelled& stop) {
    return stop.reason().empty() ? "cancelled" : "cancelled: " + stop.reason();
  } catch (const silk::timeout_error&) {
    return "timeout";
  } catch (const silk::usage_error&) {
    return "usage";
  } catch (const silk::closed_error&) {
    return "closed";
  } catch (const silk::exception_group&) {
    return "group";
  } catch (const std::invalid_argument&) {
    return "invalid argument";
  } catch (const silk::fatal& end) {
    return end.what();
  } catch (const std::exception& error) {
    return error.what();
  }
}

inline std::string told_of(const std::exception_ptr& error) {
  return told([&] {
    if (error != nullptr) std::rethrow_exception(error);
  });
}

// `co_await ending(x)`: awaits a task, a future or any other awaitable, and tells how it ended.
template <class Awaitable>
silk::task<std::string> ending(Awaitable awaited) {
  std::exception_ptr error;
  try {
    static_cast<void>(co_await std::move(awaited));
  } catch (...) {
    error = std::current_exception();
  }
  co_return told_of(error);
}

// Everything that was runnable has had a few turns, on one worker in order. For a state that must not
// change, and for a waiter to be in its place; not for an event that must come.
inline silk::task<> turns(int count = 10) {
  for (int i = 0; i < count; ++i) co_await silk::yield();
}

// Lets virtual time pass: everything that can run has come to rest when this ends.
inline silk::task<> at_rest() { co_await silk::sleep(1ms); }
// Not before whoever spawned it has come to rest.
inline silk::task<> quits() {
  co_await at_rest();
  throw quit();
}

// Ends only by being cancelled. Waits for no timer, so that virtual time stands still meanwhile.
inline silk::task<> for_ever() {
  silk::promise<> kept;
  co_await kept.get_future();
}

inline silk::duration elapsed() { return silk::now().time_since_epoch(); }

// From outside of tasks: the workers fall asleep and are woken again, many times. If a timer is armed,
// virtual time reaches it.
inline void let_time_pass_if_it_can(silk::runtime& runtime) {
  for (int i = 0; i < 200; ++i) {
    runtime.block_on([]() -> silk::task<> { co_await silk::yield(); });
  }
}

}  // namespace silk_conformance
