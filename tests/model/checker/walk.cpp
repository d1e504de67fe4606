#include "walk.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <stdexcept>
#include <string>

namespace silk::model {

unsigned random_walk::choose_thread(const crossing& at) {
  const auto enabled = static_cast<unsigned>(std::popcount(at.enabled));
  return thread_at(at, static_cast<unsigned>(below(enabled)));
}

unsigned random_walk::choose(unsigned count, std::uint64_t) {
  return below(2) == 0 ? 0 : static_cast<unsigned>(below(count));
}

void priority_walk::begin() {
  most_steps_ = std::max(most_steps_, steps_);
  steps_ = 0;
  lowest_ = 0;
  for (std::int64_t& each : priority_) each = static_cast<std::int64_t>(below(1u << 30)) + 1;
  changes_.clear();
  for (unsigned i = 1; i < depth_; ++i) changes_.push_back(below(most_steps_) + 1);
}

unsigned priority_walk::choose_thread(const crossing& at) {
  ++steps_;
  // Who waits politely for the others steps back behind them, or a spinning thread runs for ever.
  const bool stays = (at.enabled & bit_of(at.previous)) != 0;
  if (stays && at.free_to_leave) priority_[at.previous] = --lowest_;
  const auto best = [&] {
    thread_id found = static_cast<thread_id>(std::countr_zero(at.enabled));
    for (thread_id t = 0; t < max_threads; ++t) {
      if ((at.enabled & bit_of(t)) != 0 && priority_[t] > priority_[found]) found = t;
    }
    return found;
  };
  if (std::find(changes_.begin(), changes_.end(), steps_) != changes_.end()) {
    priority_[best()] = --lowest_;
  }
  return best();
}

replay::replay(std::string_view schedule) {
  if (schedule == "-") return;
  const char* at = schedule.data();
  const char* const end = at + schedule.size();
  while (at != end) {
    std::pair<std::uint32_t, unsigned> choice;
    const auto first = std::from_chars(at, end, choice.first);
    if (first.ec != std::errc() || first.ptr == end || *first.ptr != ':') {
      throw std::invalid_argument("no schedule: " + std::string(schedule));
    }
    const auto second = std::from_chars(first.ptr + 1, end, choice.second);
    if (second.ec != std::errc()) {
      throw std::invalid_argument("no schedule: " + std::string(schedule));
    }
    choices_.push_back(choice);
    at = second.ptr;
    while (at != end && *at == ' ') ++at;
  }
}

void replay::begin() {
  at_ = 0;
  ordinary_ = 0;
}

unsigned replay::take() {
  if (at_ == choices_.size() || ordinary_ != choices_[at_].first) {
    ++ordinary_;
    return 0;
  }
  ordinary_ = 0;
  return choices_[at_++].second;
}

unsigned replay::choose_thread(const crossing& at) {
  return thread_at(at, std::has_single_bit(at.enabled) ? 0 : take());
}

unsigned replay::choose(unsigned count, std::uint64_t) { return std::min(take(), count - 1); }

}  // namespace silk::model
