// wake_list: tasks that are to be woken once a lock has been let go.
#pragma once

#include "engine.hpp"

#include <cstdint>
#include <utility>

namespace silk::detail {

// What the caller does next, so that a woken task can be placed well.
enum class after_completion : std::uint8_t { runs_on, ends_turn };

// In order for the tasks of one runtime; most often there is no other.
class wake_list {
 public:
  wake_list() noexcept = default;
  wake_list(const wake_list&) = delete;
  wake_list& operator=(const wake_list&) = delete;

  void add(engine::pool& home, engine::job& woken) noexcept {
    if (home_ != nullptr && home_ != &home) run();
    home_ = &home;
    jobs_.push_back(woken);
  }

  // Makes all of them runnable. [not under a lock that they may want]
  void run() noexcept {
    if (!jobs_.empty()) home_->schedule(std::exchange(jobs_, {}));
  }

  // The same, but a task that is alone goes before everything else here: its data is hot.
  void run(after_completion then) noexcept {
    if (jobs_.size() != 1) return run();
    engine::job& only = jobs_.pop_front();
    engine::worker* here = engine::current_worker();
    if (then == after_completion::ends_turn && here != nullptr && &here->owner() == home_) {
      here->push_first_instead_of_me(only);
    } else {
      home_->schedule_first(only);
    }
  }

 private:
  engine::pool* home_ = nullptr;
  engine::job_list jobs_;
};

}  // namespace silk::detail
