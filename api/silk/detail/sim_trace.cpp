#include "sim_trace.hpp"

#include <charconv>
#include <stdexcept>
#include <string_view>

namespace silk::detail {

std::string sim_trace::line(const event& of) const {
  std::string worker = "w";
  worker += std::to_string(of.worker);
  const std::string value = std::to_string(of.value);
  switch (of.what) {
    case kind::task:
      return worker + " runs " + (of.value != 0 ? names_[of.value - 1] : "a task");
    case kind::other_job:
      return worker + " runs a callback";
    case kind::theft:
      return worker + " takes from w" + value;
    case kind::call:
      return "call " + value + " from outside";
    case kind::time:
      return "time " + value + " ns";
    case kind::choice:
      break;
  }
  return "the program chooses " + value;
}

std::string sim_trace::text() const {
  std::string text;
  for (const event& each : events_) text += line(each) + '\n';
  return text;
}

// FNV-1a (Fowler, Noll and Vo), over numbers instead of bytes.
std::uint64_t sim_trace::fingerprint() const noexcept {
  std::uint64_t sum = 0xcbf29ce484222325u;
  const auto add = [&sum](std::uint64_t value) { sum = (sum ^ value) * 0x100000001b3u; };
  for (const event& each : events_) {
    add(static_cast<std::uint64_t>(each.what));
    add(each.worker);
    add(each.value);
  }
  return sum;
}

std::string text_of(const engine::schedule& departures) {
  std::string text;
  for (const engine::departure& each : departures) {
    if (!text.empty()) text += ',';
    text += std::to_string(each.at) + ':' + std::to_string(each.taken);
  }
  return text.empty() ? "-" : text;
}

engine::schedule schedule_of(const std::string& text) {
  engine::schedule departures;
  if (text == "-") return departures;
  const char* at = text.data();
  const char* const end = at + text.size();
  const auto number = [&](auto& value, char behind) {
    const auto [stop, error] = std::from_chars(at, end, value);
    const bool ends_well = stop == end ? behind == ',' : *stop == behind;
    if (error != std::errc() || !ends_well)
      throw std::invalid_argument("a schedule is \"-\" or like \"7:1,12:3\", not \"" + text + "\"");
    at = stop == end ? end : stop + 1;
  };
  do {
    engine::departure next{};
    number(next.at, ':');
    number(next.taken, ',');
    departures.push_back(next);
  } while (at != end);
  return departures;
}

}  // namespace silk::detail
