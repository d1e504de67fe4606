#include "decisions.hpp"

namespace silk::scheduler {

decisions::decisions(std::uint64_t seed) noexcept : replays_(false), state_(seed) {
  calm_ = std::uint32_t{1} << (roll() % 5);
}

decisions::decisions(const schedule& given) : replays_(true) {
  for (const departure& each : given) of(each.kind).given.push_back(each);
}

// splitmix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014)
std::uint64_t decisions::roll() noexcept {
  std::uint64_t z = state_ += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

std::uint32_t decisions::choose(decision kind, std::uint32_t options) noexcept {
  if (options == 1) return 0;
  if (replays_) return note(kind, recorded(kind, options));
  const std::uint64_t drawn = roll();
  return note(kind, (drawn >> 32) % calm_ == 0 ? static_cast<std::uint32_t>(drawn) % options : 0);
}

std::uint32_t decisions::choose_evenly(decision kind, std::uint32_t options) noexcept {
  if (options == 1) return 0;
  return note(kind,
              replays_ ? recorded(kind, options) : static_cast<std::uint32_t>(roll() % options));
}

// A schedule of which something was left out may meet a decision with fewer options.
std::uint32_t decisions::recorded(decision kind, std::uint32_t options) noexcept {
  stream& here = of(kind);
  if (here.next == here.given.size() || here.given[here.next].at != here.made) return 0;
  return here.given[here.next++].taken % options;
}

std::uint32_t decisions::note(decision kind, std::uint32_t taken) noexcept {
  stream& here = of(kind);
  if (taken != 0) departures_.push_back({kind, here.made, taken});
  ++here.made;
  return taken;
}

}  // namespace silk::scheduler
