#include "decisions.hpp"

#include <utility>

namespace silk::scheduler {

decisions::decisions(std::uint64_t seed) noexcept : replays_(false), state_(seed) {
  calm_ = std::uint32_t{1} << (roll() % 5);
}

decisions::decisions(schedule given) noexcept : replays_(true), given_(std::move(given)) {}

// splitmix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014)
std::uint64_t decisions::roll() noexcept {
  std::uint64_t z = state_ += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

std::uint32_t decisions::choose(std::uint32_t options) noexcept {
  if (options == 1) return 0;
  if (replays_) return note(recorded(options));
  const std::uint64_t drawn = roll();
  return note((drawn >> 32) % calm_ == 0 ? static_cast<std::uint32_t>(drawn) % options : 0);
}

std::uint32_t decisions::choose_evenly(std::uint32_t options) noexcept {
  if (options == 1) return 0;
  return note(replays_ ? recorded(options) : static_cast<std::uint32_t>(roll() % options));
}

// A schedule of which something was left out may meet a decision with fewer options.
std::uint32_t decisions::recorded(std::uint32_t options) noexcept {
  if (next_given_ == given_.size() || given_[next_given_].at != made_) return 0;
  return given_[next_given_++].taken % options;
}

std::uint32_t decisions::note(std::uint32_t taken) noexcept {
  if (taken != 0) departures_.push_back({made_, taken});
  ++made_;
  return taken;
}

}  // namespace silk::scheduler
