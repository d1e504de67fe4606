// What the statements of a program that runs share, and the coroutines that carry them out.
#pragma once

#include "run.hpp"

#include <silk/silk.hpp>

#include <functional>
#include <mutex>
#include <stdexcept>
#include <utility>
#include <vector>

namespace random_programs {

struct failure : std::runtime_error {
  explicit failure(int of) : std::runtime_error("failure " + std::to_string(of)), number(of) {}
  int number;
};

using handle = silk::join_handle<int>;

struct scene {
  explicit scene(const program& what);

  const program& code;
  result seen;  // a statement runs once: nobody else writes what it writes
  silk::time_point began{};

  silk::mutex lock;
  silk::semaphore one{permits_of(0)}, two{permits_of(1)};
  silk::queue<int> wide{capacity_of(0)}, narrow{capacity_of(1)};
  silk::event happened;

  // Calls it as a thread that is no worker, at any moment from now on.
  std::function<void(std::function<void()>)> call_outside;

  long now() const;
  record& record_of(const statement& s) {
    return seen.statements[static_cast<std::size_t>(s.number)];
  }
  void keep(const statement& spawn, handle fresh);
  handle task(int number) const;     // as the program knows it; perhaps there is none
  handle any_task(int index) const;  // as the harness does: 0 is the program
  void keep_program(handle fresh);
  void report(const silk::failure& what);
  void tell_what_is_left();
  void let_go_of_detached();

 private:
  mutable std::mutex mutex_;
  std::vector<handle> tasks_;      // guarded by mutex_
  std::vector<bool> is_detached_;  // guarded by mutex_
};

outcome outcome_of(const std::exception_ptr& error);
outcome outcome_of(const handle& ended);

// The program, and then the harness.
silk::task<> run_all(scene& of);

}  // namespace random_programs
