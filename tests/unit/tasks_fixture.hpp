// Shared by the tests of tasks: threads held back, and logs that any thread may write to.
#pragma once

#include "support/programs.hpp"

#include <silk/silk.hpp>

#include <gtest/gtest.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace silk_tests {

// For tests whose tasks sleep for ever while the test is at work outside: virtual time would let them
// sleep through as soon as the workers have nothing else to do.
inline silk::runtime_options steady_time(unsigned workers) { return {.workers = workers}; }

// Blocks threads, workers included, until it is opened.
class gate {
 public:
  void open() {
    const std::lock_guard hold(lock_);
    open_ = true;
    opened_.notify_all();
  }
  void pass() {
    std::unique_lock hold(lock_);
    opened_.wait(hold, [this] { return open_; });
  }

 private:
  std::mutex lock_;
  std::condition_variable opened_;
  bool open_ = false;
};

// Occupies one worker of a runtime from construction until release().
class roadblock {
 public:
  explicit roadblock(silk::runtime& on) {
    on.post([here = gates_] {
      here->busy.open();
      here->released.pass();
    });
    gates_->busy.pass();
  }
  ~roadblock() { release(); }
  roadblock(const roadblock&) = delete;
  roadblock& operator=(const roadblock&) = delete;
  void release() { gates_->released.open(); }

 private:
  struct gates {
    gate busy, released;
  };
  std::shared_ptr<gates> gates_ = std::make_shared<gates>();
};

// A spawned task whose body may use its own handle.
template <class T = void>
class knows_itself {
 public:
  template <class Body>
  knows_itself(silk::runtime& on, Body body) : handle_(on.spawn(std::move(body), std::ref(*this))) {
    known_.open();
  }
  // Inside the task it blocks the worker, for the moment that the constructor needs.
  const silk::join_handle<T>& handle() {
    known_.pass();
    return handle_;
  }

 private:
  gate known_;
  silk::join_handle<T> handle_;
};

// On one worker: everything that was runnable has had its turn when this returns.
inline void let_run(silk::runtime& on) {
  on.block_on([]() -> silk::task<> { co_return; });
}

// A log that any thread may write to.
class journal {
 public:
  void add(std::string line) {
    const std::lock_guard hold(lock_);
    lines_.push_back(std::move(line));
  }
  std::vector<std::string> lines() const {
    const std::lock_guard hold(lock_);
    return lines_;
  }

 private:
  mutable std::mutex lock_;
  std::vector<std::string> lines_;
};

}  // namespace silk_tests
