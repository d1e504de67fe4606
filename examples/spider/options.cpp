#include "options.hpp"

#include "memory.hpp"
#include "screen.hpp"

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <limits>
#include <string_view>
#include <system_error>

namespace spider {

namespace {

constexpr std::uint32_t most_pages = 1'000'000'000;
constexpr unsigned most_workers = 4096;
constexpr std::chrono::milliseconds longest_delay = std::chrono::days(1);
constexpr std::chrono::milliseconds longest_crawl = std::chrono::years(100);

// gather and the counters take this many.
constexpr std::uint64_t most_sites = std::numeric_limits<std::uint32_t>::max();
static_assert(most_sites * most_pages / most_pages == most_sites, "all pages fit in 64 bits");

// What the command line holds; numbers as they were written.
struct command_line {
  std::vector<std::string> names;
  std::string sites;
  std::string pages = "3";
  std::string delay = "1000";
  std::string workers;
  std::string until = "all";
  bool quiet = false;
  bool json = false;
  bool virtual_time = false;
};

// Text of the user's, safe within our one line.
std::string printable(std::string text) {
  std::ranges::replace_if(text, [](unsigned char c) { return std::iscntrl(c) != 0; }, '?');
  return text;
}

std::uint64_t whole_number(std::string_view option, const std::string& text, std::uint64_t least,
                           std::uint64_t most, std::string_view why_no_more = "") {
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error == std::errc() && stop == end && value >= least && value <= most) return value;
  throw bad_input(fmt::format("{}: '{}' is not a whole number from {} to {}{}", option,
                              printable(text), least, most, why_no_more));
}

void declare(CLI::App& app, command_line& line) {
  app.add_option("SITE", line.names, "Sites to crawl (Blog, News, Forum)")->type_name("");
  app.add_option("--sites", line.sites, "Crawl site-1 to site-N and print a summary only")
      ->type_name("N");
  app.add_option("--pages", line.pages, "Pages of each site (3)")->type_name("P");
  app.add_option("--delay", line.delay, "Milliseconds before each page (1000)")->type_name("MS");
  app.add_option("--workers", line.workers, "Worker threads (as many as this process may use)")
      ->type_name("W");
  app.add_option("--until", line.until, "Stop after the first site, or after all (all)")
      ->type_name("first|all");
  app.add_flag("--quiet", line.quiet, "Print no pages, only the elapsed seconds");
  app.add_flag("--json", line.json, "Print one JSON object, nothing else");
  app.add_flag("--virtual-time", line.virtual_time, "Let time jump: same output, no waiting");
  app.footer(
      "The last line is the elapsed time in seconds. Ctrl-C stops the crawl and prints the summary "
      "so far;\nthe third one stops at once.");
}

std::string known_options(const CLI::App& app) {
  std::string list;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional()) continue;
    if (!list.empty()) list += ", ";
    list += "--" + option->get_lnames().front();
  }
  return list;
}

options checked(const CLI::App& app, const command_line& line) {
  options wish;
  if (line.until != "first" && line.until != "all") {
    throw bad_input(fmt::format("--until: '{}' is neither first nor all", printable(line.until)));
  }
  wish.until = line.until == "first" ? until::first : until::all;

  wish.names = line.names;
  if (app.count("--sites") != 0) {
    if (!line.names.empty()) {
      throw bad_input("--sites: give a number of sites or their names (SITE...), not both");
    }
    const std::uint64_t fit = std::min(most_sites, sites_that_fit_in_memory(wish.until));
    wish.sites = static_cast<std::uint32_t>(
        whole_number("--sites", line.sites, 1, fit, " (more do not fit in memory)"));
  } else {
    if (wish.names.empty()) wish.names = {"Blog", "News", "Forum"};
    wish.sites = static_cast<std::uint32_t>(wish.names.size());
  }

  wish.pages = static_cast<std::uint32_t>(whole_number("--pages", line.pages, 1, most_pages));
  const auto most_delay = std::min(longest_delay, longest_crawl / wish.pages);
  wish.delay = std::chrono::milliseconds(
      whole_number("--delay", line.delay, 0, static_cast<std::uint64_t>(most_delay.count())));
  if (app.count("--workers") != 0) {
    wish.workers = static_cast<unsigned>(whole_number("--workers", line.workers, 1, most_workers));
  }

  if (line.virtual_time) wish.time = silk::time_source::virtual_time;
  wish.output = line.json            ? output::json
                : line.quiet         ? output::elapsed
                : wish.names.empty() ? output::summary
                                     : output::pages;
  return wish;
}

}  // namespace

std::optional<options> parse_options(int argc, const char* const* argv) {
  CLI::App app("Crawls sites, all at the same time", "spider");
  command_line line;
  declare(app, line);
  app.allow_extras();  // else the message would not say what is known
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success&) {
    fmt::print("{}", app.help());
    flush_stdout();
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    throw bad_input(printable(error.what()));
  }
  for (const std::string& unknown : app.remaining()) {
    if (unknown == "--") continue;  // what follows are sites
    throw bad_input(
        fmt::format("{}: unknown option; known are {}", printable(unknown), known_options(app)));
  }
  return checked(app, line);
}

std::string site_name(const options& wish, std::uint32_t site) {
  return wish.names.empty() ? fmt::format("site-{}", std::uint64_t{site} + 1) : wish.names[site];
}

}  // namespace spider
