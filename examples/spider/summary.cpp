#include "summary.hpp"

#include "screen.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <sys/resource.h>

#include <chrono>
#include <cmath>

namespace spider {

namespace {

std::chrono::microseconds to_duration(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

double seconds(std::chrono::duration<double> time) { return time.count(); }

// To a tenth: finer than the histogram, coarser than noise.
double microseconds(std::uint64_t ns) { return std::round(static_cast<double>(ns) / 100) / 10; }

std::uint64_t cancelled_sites(const summary& figures, const options& wish) {
  return wish.sites - figures.came.finished;
}

void print_json(const summary& figures, const options& wish) {
  using std::chrono::round;
  const nlohmann::ordered_json object = {
      {"sites", wish.sites},
      {"pages_per_site", wish.pages},
      {"pages", figures.came.pages},
      {"finished", figures.came.finished},
      {"cancelled", cancelled_sites(figures, wish)},
      {"workers", figures.workers},
      {"wall_s", seconds(round<std::chrono::microseconds>(figures.elapsed))},
      {"cpu_s", seconds(figures.cpu)},
      {"max_rss_kib", figures.max_rss_kib},
      {"late_p50_us", microseconds(figures.late_ns.percentile(50))},
      {"late_p99_us", microseconds(figures.late_ns.percentile(99))},
      {"late_max_us", microseconds(figures.late_ns.largest())},
  };
  fmt::print("{}\n", object.dump());
}

void print_text(const summary& figures, const options& wish, exit_status status) {
  const bool cut_short = wish.until == until::first || status == exit_status::interrupted;
  if (cut_short || wish.output == output::summary) {
    fmt::print("{} finished, {} cancelled, {} pages\n", figures.came.finished,
               cancelled_sites(figures, wish), figures.came.pages);
  }
  if (wish.output == output::summary) {
    fmt::print("workers {}, CPU time {:.2f} s, memory at most {:.1f} MiB\n", figures.workers,
               seconds(figures.cpu), static_cast<double>(figures.max_rss_kib) / 1024);
    fmt::print("sleeps ended late by {:.1f} us (p50), {:.1f} us (p99), {:.1f} us (max)\n",
               microseconds(figures.late_ns.percentile(50)),
               microseconds(figures.late_ns.percentile(99)),
               microseconds(figures.late_ns.largest()));
  }
  fmt::print("{:.2f}\n", seconds(figures.elapsed));
}

}  // namespace

summary summarize(const crawl& ended, silk::duration elapsed, unsigned workers) {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return {.came = ended.counts.sum(),
          .workers = workers,
          .elapsed = elapsed,
          .cpu = to_duration(used.ru_utime) + to_duration(used.ru_stime),
          .max_rss_kib = used.ru_maxrss,
          .late_ns = ended.counts.lateness()};
}

void print_summary(const summary& figures, const options& wish, exit_status status) {
  wish.output == output::json ? print_json(figures, wish) : print_text(figures, wish, status);
  flush_stdout();
}

}  // namespace spider
