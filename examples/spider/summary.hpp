// summary: the figures of a crawl, for people and for programs.
#pragma once

#include "crawl.hpp"
#include "histogram.hpp"
#include "options.hpp"
#include "tally.hpp"

#include <silk/silk.hpp>

namespace spider {

struct summary {
  totals came;
  unsigned workers;
  silk::duration elapsed;         // on the runtime's clock
  std::chrono::microseconds cpu;  // of the whole process, user and system
  long max_rss_kib;               // the most memory the process ever had
  histogram late_ns;
};

// After the crawl has ended.
summary summarize(const crawl& ended, silk::duration elapsed, unsigned workers);

// Throws std::system_error when stdout takes no more.
void print_summary(const summary& figures, const options& wish, exit_status status);

}  // namespace spider
