// What the user asks for, checked: nothing is started before all of it is known to be possible.
#pragma once

#include <silk/silk.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace spider {

enum class until : std::uint8_t { all, first };

enum class output : std::uint8_t {
  pages,    // a line for each page, then the elapsed time
  summary,  // a summary, then the elapsed time
  elapsed,  // the elapsed time
  json,     // one object, nothing else
};

enum class exit_status : std::uint8_t { ok = 0, failed = 1, bad_input = 2, interrupted = 130 };

struct options {
  std::vector<std::string> names;  // empty: the sites are site-1, site-2, ...
  std::uint32_t sites = 3;
  std::uint32_t pages = 3;
  std::chrono::milliseconds delay{1000};  // before each page
  unsigned workers = 0;                   // 0: as many as this process may use
  spider::until until = until::all;
  spider::output output = output::pages;
  silk::time_source time = silk::time_source::steady;
};

// One line for the user: the option and what it accepts.
class bad_input : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Nothing when the user asked for help, which has been printed then. Throws bad_input.
std::optional<options> parse_options(int argc, const char* const* argv);

// The name of a site. Names of generated sites are made on demand: a million of them are not stored.
std::string site_name(const options& wish, std::uint32_t site);

}  // namespace spider
