#include "check.hpp"

#include <algorithm>
#include <cstdio>
#include <random>
#include <utility>

namespace random_programs {

namespace {

// Those who are cancelled together are told one after the other only if nothing else explains the run: there are
// so many orders then.
judgement judge_run(const program& what, const result& seen, const runner& by) {
  const judgement usual = judge(what, {.pauses = by.allowed.pauses}, seen, by.most_orders);
  if (usual.is != verdict::forbidden || by.allowed.cancels == telling::at_once) return usual;
  return judge(what, by.allowed, seen, 100 * by.most_orders);
}

}  // namespace

bytes random_bytes(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  bytes made(16 + random() % 200);
  for (auto& each : made) each = static_cast<std::uint8_t>(random());
  return made;
}

std::string to_hex(std::span<const std::uint8_t> of) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t each : of) text += {digits[each >> 4], digits[each & 15]};
  return text;
}

bytes from_hex(const std::string& text) {
  bytes all;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    all.push_back(static_cast<std::uint8_t>(std::stoi(text.substr(i, 2), nullptr, 16)));
  return all;
}

void tally::count(const program& what, const result& seen) {
  ++programs;
  tasks += static_cast<std::uint64_t>(what.tasks + 1);
  for (const record& each : seen.statements) {
    if (each.begun < 0) continue;
    ++begun;
    ++ends[static_cast<std::size_t>(each.end.how)];
  }
}

std::string tally::table() const {
  std::string text;
  const auto row = [&text](const char* name, std::uint64_t count) {
    char line[80];
    std::snprintf(line, sizeof line, "%-34s %12llu\n", name,
                  static_cast<unsigned long long>(count));
    text += line;
  };
  row("programs", programs);
  row("tasks", tasks);
  row("statements that began", begun);
  for (std::size_t i = 1; i < ends.size(); ++i)
    row(("  ended: " + to_text(outcome(static_cast<ending>(i)))).c_str(), ends[i]);
  row("orders of the model", orders);
  row("undecided programs", undecided);
  row("failed programs", failed);
  return text;
}

std::string check(std::span<const std::uint8_t> of, const runner& by, tally& counts) {
  const program what = decode(of);
  const run_report ran = by.run(what);
  counts.count(what, ran.seen);
  std::string wrong = ran.wrong;
  if (wrong.empty()) {
    const judgement judged = judge_run(what, ran.seen, by);
    counts.orders += judged.orders;
    if (judged.is == verdict::undecided) ++counts.undecided;
    if (judged.is != verdict::forbidden) return {};
    wrong = "none of " + std::to_string(judged.orders) +
            " orders ends like the run; the nearest one:\n" +
            difference(judged.nearest.seen, ran.seen, judged.nearest.stopped);
  }
  ++counts.failed;
  return to_text(what) + wrong;
}

bytes shrink(bytes failing, const runner& by, unsigned most_runs) {
  tally ignored;
  const auto fails = [&](const bytes& tried) {
    return most_runs-- > 0 && !check(tried, by, ignored).empty();
  };
  for (std::size_t part = failing.size(); part > 0 && most_runs > 0; part /= 2) {
    for (std::size_t at = 0; at + part <= failing.size() && most_runs > 0;) {
      bytes less = failing;
      const auto begin = less.begin() + static_cast<std::ptrdiff_t>(at);
      less.erase(begin, begin + static_cast<std::ptrdiff_t>(part));
      if (fails(less)) {
        failing = std::move(less);
      } else {
        at += part;
      }
    }
  }
  for (std::size_t i = 0; i < failing.size() && most_runs > 0; ++i) {
    bytes duller = failing;
    if (std::exchange(duller[i], std::uint8_t{0}) != 0 && fails(duller)) failing = duller;
  }
  return failing;
}

}  // namespace random_programs
