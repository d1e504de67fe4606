#include "sim_trace.hpp"

#include <charconv>
#include <optional>
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

namespace {

constexpr std::string_view letters = "ahlsvtwdfoip";  // of engine::decision, in this order
static_assert(letters.size() == engine::decision_kinds);

// Reads one departure from the front of `text`, and the comma behind it.
std::optional<engine::departure> take_departure(std::string_view& text) {
  engine::departure next{};
  const auto letter = text.empty() ? letters.npos : letters.find(text.front());
  if (letter == letters.npos) return std::nullopt;
  next.kind = static_cast<engine::decision>(letter);
  const char* const end = text.data() + text.size();
  const auto at = std::from_chars(text.data() + 1, end, next.at);
  if (at.ec != std::errc() || at.ptr == end || *at.ptr != ':') return std::nullopt;
  const auto taken = std::from_chars(at.ptr + 1, end, next.taken);
  if (taken.ec != std::errc()) return std::nullopt;
  if (taken.ptr != end && (*taken.ptr != ',' || taken.ptr + 1 == end)) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(taken.ptr - text.data()) +
                     (taken.ptr == end ? 0 : 1));
  return next;
}

}  // namespace

std::string text_of(const engine::schedule& departures) {
  std::string text;
  for (const engine::departure& each : departures) {
    if (!text.empty()) text += ',';
    text += letters[static_cast<std::size_t>(each.kind)];
    text += std::to_string(each.at) + ':' + std::to_string(each.taken);
  }
  return text.empty() ? "-" : text;
}

engine::schedule schedule_of(const std::string& text) {
  engine::schedule departures;
  std::string_view rest = text == "-" ? "" : std::string_view(text);
  while (!rest.empty()) {
    const auto next = take_departure(rest);
    if (!next)
      throw std::invalid_argument("a schedule is \"-\" or like \"a7:1,w2:3\", not \"" + text +
                                  "\"");
    departures.push_back(*next);
  }
  return departures;
}

}  // namespace silk::detail
