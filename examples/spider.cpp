// spider: a polite crawler that visits all its sites at the same time.
//
//   spider                      Blog, News and Forum, three pages each, one second apart
//   spider --sites 1000000      a million of them
//   spider --until first Blog News --json      a race, told to a program
//
// This file is the idea, from top to bottom. What every command-line program needs is in spider/:
// options, the terminal, Ctrl-C, figures and the summary.

#include "spider/crawl.hpp"
#include "spider/interrupt.hpp"
#include "spider/options.hpp"
#include "spider/summary.hpp"

#include <silk/silk.hpp>

#include <fmt/core.h>

#include <cstdint>
#include <cstdio>
#include <exception>
#include <new>
#include <ranges>
#include <system_error>
#include <utility>
#include <vector>

namespace spider {
namespace {

// One site. A page is a wait here; a real crawler would wait for the network instead. There may be a
// million of these at once, so what lives across a co_await is little and in an order without gaps.
silk::task<> visit(crawl& all, std::uint32_t site) {
  std::uint32_t page = 0;
  silk::time_point time = silk::now();
  while (page < all.wish.pages) {
    time += all.wish.delay;
    co_await silk::sleep_until(time);
    time = all.page_came(site, ++page, time);
  }
  all.counts.mine().site_finished();
}

// gather owns the tasks it is given: they share one frame, and that is what makes a million cheap.
silk::task<> crawl_all(crawl& all) {
  auto visits = std::views::iota(std::uint32_t{0}, all.wish.sites) |
                std::views::transform([&all](std::uint32_t site) { return visit(all, site); });
  co_await silk::gather(visits);
}

// spawn makes tasks that live on their own; wait looks at them and leaves the rest to us.
silk::task<> crawl_until_first(crawl& all) {
  std::vector<silk::join_handle<void>> visits;
  visits.reserve(all.wish.sites);
  for (std::uint32_t site = 0; site < all.wish.sites; ++site) {
    visits.push_back(silk::spawn(visit(all, site)));
  }

  std::exception_ptr failure;
  try {
    co_await silk::wait(visits, {.return_when = silk::first_completed});
  } catch (const silk::cancelled&) {  // interrupted; the visits live on until we cancel them, too
    failure = std::current_exception();
  }

  for (auto& one : visits) one.cancel("the crawl is over");
  co_await silk::wait(visits);
  for (const auto& one : visits) {
    const std::exception_ptr error = one.is_cancelled() ? nullptr : one.exception();
    if (error && !failure) failure = error;
  }
  if (failure) std::rethrow_exception(failure);
}

// Crawls and prints what came of it.
exit_status run(const options& wish) {
  crawl all(wish);
  silk::runtime runtime({.workers = wish.workers, .time = wish.time});

  const silk::time_point began = runtime.now();
  const auto crawling =
      runtime.spawn(wish.until == until::first ? crawl_until_first(all) : crawl_all(all));
  const interrupt_watch watch(all, [&crawling] { crawling.cancel("interrupted"); });

  auto status = exit_status::ok;
  try {
    runtime.block_on(crawling);
  } catch (const silk::cancelled&) {
    status = exit_status::interrupted;
  }
  const silk::duration elapsed = runtime.now() - began;

  all.screen.end_progress();
  print_summary(summarize(all, elapsed, runtime.workers()), wish, status);
  return status;
}

}  // namespace
}  // namespace spider

int main(int argc, char** argv) {
  using spider::exit_status;
  auto status = exit_status::failed;
  try {
    spider::interrupt_watch::claim_signals();  // before any thread is there to get them
    const auto wish = spider::parse_options(argc, argv);
    status = wish ? spider::run(*wish) : exit_status::ok;
  } catch (const spider::bad_input& error) {
    fmt::print(stderr, "spider: {}\n", error.what());
    status = exit_status::bad_input;
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "spider: out of memory; try fewer --sites\n");
  } catch (const std::system_error& error) {
    // when nobody reads on, as in `spider | head`, there is nobody to tell
    if (error.code() != std::errc::broken_pipe) fmt::print(stderr, "spider: {}\n", error.what());
  } catch (const std::exception& error) {
    fmt::print(stderr, "spider: {}\n", error.what());
  }
  return static_cast<int>(status);
}
