#include "explore.hpp"

#include "detail/engine.hpp"
#include "detail/shrink.hpp"
#include "detail/sim_trace.hpp"
#include "detail/simulation.hpp"

#include <charconv>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace silk::testing {

namespace {

using detail::engine::clock;

std::optional<std::string> variable(const char* name) {
  const char* const value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

std::optional<std::uint64_t> number_from(const char* name) {
  const auto text = variable(name);
  if (!text) return std::nullopt;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc() || end != text->data() + text->size())
    throw std::invalid_argument(std::string(name) + " must be a number, not \"" + *text + "\"");
  return number;
}

// As a shell reads it.
std::string shell_word(const std::string& word) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:,=+@%";
  if (!word.empty() && word.find_first_not_of(plain) == word.npos) return word;
  std::string text = "'";
  for (const char each : word) each == '\'' ? text.append("'\\''") : text.append(1, each);
  return text + "'";
}

// How this process was started.
std::string own_command() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::string text;
  for (std::string word; std::getline(file, word, '\0');) text.append(" ").append(shell_word(word));
  return text;
}

std::string command_for(const explore_report& found) {
  constexpr std::size_t longest = 8000;  // of a schedule: a command line has an end
  std::string text;
  if (!found.name.empty()) text.append("SILK_SIM_NAME=").append(shell_word(found.name)).append(" ");
  text.append("SILK_SIM_SEED=").append(std::to_string(found.seed.value_or(0)));
  const std::string schedule = found.failure.schedule();
  if (schedule.size() <= longest) text.append(" SILK_SIM_SCHEDULE=").append(schedule);
  return text + own_command();
}

void print(const explore_options& options, const std::string& text) {
  if (options.to == nullptr) return;
  std::fputs(text.c_str(), options.to);
  std::fflush(options.to);
}

class exploration {
 public:
  exploration(const program& what, const explore_options& options, std::source_location where)
      : program_(what), options_(options), where_(where) {
    if (!options.each.schedule.empty())
      throw std::invalid_argument("explore draws schedules from seeds: give yours to simulate()");
    report_.name = options.name;
  }

  explore_report run() {
    const auto only = variable("SILK_SIM_NAME");
    if (only && *only != options_.name) return std::move(report_);
    const auto seed = number_from("SILK_SIM_SEED");
    const auto schedule = variable("SILK_SIM_SCHEDULE");
    if (seed || schedule) {
      replay(seed.value_or(options_.each.seed), schedule.value_or(""));
    } else {
      search(number_from("SILK_SIM_SEEDS").value_or(options_.seeds));
    }
    return std::move(report_);
  }

 private:
  sim_result run_once(const sim_options& each, const detail::engine::schedule* by = nullptr) {
    return detail::simulate_as(program_, each, by, where_);
  }

  void search(std::uint64_t seeds) {
    sim_options each = options_.each;
    const std::uint64_t began = clock::steady_now();
    const auto passed = [began] {
      return duration(static_cast<duration::rep>(clock::steady_now() - began));
    };
    for (std::uint64_t i = 0; i < seeds && report_.took < options_.at_most; ++i) {
      each.seed = options_.each.seed + i;
      sim_result result = run_once(each);
      ++report_.seeds;
      report_.steps += result.steps;
      report_.took = passed();
      if (!result.ok()) return found(each, std::move(result));
    }
  }

  void found(const sim_options& each, sim_result result) {
    report_.seed = each.seed;
    report_.departures = result.departures();
    report_.repeats = run_once(each).fingerprint() == result.fingerprint();
    if (report_.repeats) {
      shrink(result);
    } else {
      report_.failure = std::move(result);
    }
    report_.command = command_for(report_);
    print(options_, report_.description());
  }

  void shrink(const sim_result& result) {
    const std::string way = detail::way_of_failing(result);
    const auto fails = [&](detail::engine::schedule& by) {
      const sim_result again = run_once(options_.each, &by);
      by = detail::schedule_of(again.schedule());
      return detail::way_of_failing(again) == way;
    };
    const detail::shrunk less =
        detail::shrink(detail::schedule_of(result.schedule()), options_.shrink_runs, fails);
    report_.shrink_runs = less.runs;
    report_.failure = run_once(options_.each, &less.departures);
  }

  void replay(std::uint64_t seed, std::string schedule) {
    sim_options each = options_.each;
    each.seed = seed;
    each.schedule = std::move(schedule);
    sim_result result = run_once(each);
    ++report_.seeds;
    report_.steps = result.steps;
    std::string text = "silk::testing: a replay of '" + options_.name + "'\n" + result.trace();
    text += result.ok() ? "it ends well\n" : result.message + "\n";
    print(options_, text);
    if (result.ok()) return;
    report_.seed = seed;
    report_.departures = result.departures();
    report_.failure = std::move(result);
    report_.command = command_for(report_);
  }

  const program& program_;
  const explore_options& options_;
  const std::source_location where_;
  explore_report report_;
};

// The last lines of a text.
std::string tail(const std::string& text, std::size_t lines) {
  std::size_t at = text.size();
  for (std::size_t i = 0; i <= lines && at != 0; ++i) {
    at = text.rfind('\n', at - 1);
    if (at == text.npos) return text;
  }
  return "...\n" + text.substr(at + 1);
}

}  // namespace

std::string explore_report::description() const {
  constexpr std::size_t most_lines = 60;
  const std::string of = name.empty() ? "" : " of '" + name + "'";
  if (ok()) return "silk::testing: " + std::to_string(seeds) + " seeds" + of + " end well\n";
  std::string text = "silk::testing: seed " + std::to_string(seed.value_or(0)) + of + " fails\n";
  text += tail(failure.trace(), most_lines) + failure.message + '\n';
  text += "decisions that are not the default: " + std::to_string(departures) + ", shrunk to " +
          std::to_string(failure.departures()) + " in " + std::to_string(shrink_runs) + " runs\n";
  if (!repeats)
    text +=
        "another run with this seed did something else: the program depends on more than its "
        "seed\n";
  return text + "to see it again:\n  " + command + '\n';
}

explore_report explore(const program& what, const explore_options& options,
                       std::source_location where) {
  return exploration(what, options, where).run();
}

}  // namespace silk::testing
