// explore: runs a test's body under the checker again and again, each time with another interleaving.
//
//   const model::result found = model::explore({}, [] {
//     sync::atomic<int> flag{0};
//     int data = 0;
//     model::together([&] { data = 1; flag.store(1, sync::memory_order_release); },
//                     [&] { if (flag.load(sync::memory_order_acquire) == 1) model::check(data == 1, "seen"); });
//   });
//
// The body makes what it needs anew each time, depends on nothing else that changes, and frees all.
// It must not use GoogleTest's expectations: what fails in an execution fails by check().
#pragma once

#include "execution.hpp"
#include "search_tree.hpp"

#include <cstdint>
#include <functional>
#include <source_location>
#include <string>
#include <utility>

namespace silk::model {

enum class search : std::uint8_t { exhaustive, random, pct };

// Is told of each execution that came to its end, outside of it.
class listener {
 public:
  virtual void completed() = 0;

 protected:
  ~listener() = default;
};

struct options {
  search mode = search::exhaustive;
  unsigned preemptions = 2;  // exhaustive: at most; or search_tree::unbounded
  unsigned old_values =
      search_tree::unbounded;  // exhaustive: choices of a value that is not the newest
  reduction reduced = reduction::partial_order;  // exhaustive
  std::uint64_t executions = ~std::uint64_t{0};  // at most
  double seconds = 1e9;                          // at most
  std::uint64_t seed = 1;                        // random, pct
  unsigned depth = 3;                            // pct: orderings that a bug needs
  unsigned spurious = 0;                         // wakes and weak failures for no reason
  std::size_t steps = 20'000;                    // of one execution
  fence_policy fences = fence_policy::asymmetric;
  barrier_steps barriers = barrier_steps::each;
  // The body uses global variables, beyond constants, that it leaves as they were when it ends.
  bool has_globals = false;
  listener* listens = nullptr;
  std::string replay = {};  // only this schedule, if it is not empty
};

struct result {
  bool failed = false;
  bool complete = false;         // all was explored, within the bound
  std::uint64_t executions = 0;  // that came to an end
  std::uint64_t given_up = 0;    // when it was clear that they show nothing new
  double seconds = 0;
  std::string failure;   // what is wrong
  std::string schedule;  // replays it
  std::string trace;     // its steps
};

result explore(const options& how, const std::function<void()>& body);

// ---- in a body ----

// Ends the execution, and the exploration, unless `holds`.
void check(bool holds, const char* what,
           std::source_location where = std::source_location::current());

// What the object is called in traces.
void name(const void* object, std::string text);

// For what a test needs before and after what it is about: nothing is explored while `what` runs, and
// then until all other threads wait for something. It takes one course of many.
template <class Function>
void undisturbed(Function&& what, std::source_location where = std::source_location::current()) {
  execution& here = execution::the();
  here.set_undisturbed(true);
  what();
  here.settle(where);
  here.set_undisturbed(false);
}

// Runs the functions each in a thread of its own and waits until all have ended.
template <class... Functions>
void together(Functions&&... functions) {
  execution& here = execution::the();
  thread_mask threads = 0;
  ((threads |= bit_of(here.spawn(new std::function<void()>(std::forward<Functions>(functions))))),
   ...);
  here.join(threads, std::source_location::current());
}

}  // namespace silk::model
