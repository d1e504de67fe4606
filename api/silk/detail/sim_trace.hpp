// sim_trace: what happened in a simulated run, as numbers; text is made of it when somebody asks.
#pragma once

#include "engine.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace silk::detail {

class sim_trace {
 public:
  enum class kind : std::uint8_t { task, other_job, theft, call, time, choice };

  void add(kind what, std::size_t worker, std::uint64_t value) {
    events_.push_back({what, static_cast<std::uint32_t>(worker), value});
  }
  // Tasks are numbered from 1, in the order in which they are named.
  std::uint64_t name_task(std::string name) {
    names_.push_back(std::move(name));
    return names_.size();
  }
  std::uint64_t tasks() const noexcept { return names_.size(); }

  std::string text() const;
  std::uint64_t fingerprint() const noexcept;

  engine::schedule departures;

 private:
  struct event {
    kind what;
    std::uint32_t worker;
    std::uint64_t value;  // a task's or call's number, a victim, nanoseconds
  };
  std::string line(const event& of) const;

  std::vector<event> events_;
  std::vector<std::string> names_;
};

// "a7:1,w2:3", a letter for each kind; "-" for an empty one.
std::string text_of(const engine::schedule& departures);
// The other way round; std::invalid_argument for anything else.
engine::schedule schedule_of(const std::string& text);

}  // namespace silk::detail
