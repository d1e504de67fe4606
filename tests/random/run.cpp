#include "run.hpp"

#include "scene.hpp"

#include <silk/testing.hpp>

#include <chrono>
#include <memory>
#include <mutex>
#include <thread>

namespace random_programs {

run_report run_simulated(const program& what, std::uint64_t seed, unsigned workers) {
  // A run that is stuck is left as it is, with all that it refers to.
  auto* const of = new scene(what);
  of->call_outside = [](std::function<void()> call) { silk::testing::outside(std::move(call)); };
  const auto ended =
      silk::testing::simulate([of] { return run_all(*of); },
                              {.seed = seed,
                               .workers = workers,
                               .on_failure = [of](const silk::failure& told) { of->report(told); },
                               .at_end = [of] { of->tell_what_is_left(); }});
  run_report report{of->seen, ended.ok() ? std::string() : ended.message};
  if (ended.ok()) delete of;
  return report;
}

run_report run_on_threads(const program& what, std::uint64_t seed, unsigned workers) {
  scene of(what);
  std::mutex guards_threads;
  std::vector<std::jthread> threads;
  std::uint64_t dice = seed;
  of.call_outside = [&](std::function<void()> call) {
    const std::lock_guard hold(guards_threads);
    const auto spins = (dice = dice * 6364136223846793005u + 1442695040888963407u) >> 52;
    threads.emplace_back([call = std::move(call), spins] {
      for (auto left = spins; left > 0; --left) std::this_thread::yield();
      call();
    });
  };
  run_report report;
  try {
    silk::run(run_all(of), {.workers = workers,
                            .time = silk::time_source::virtual_time,
                            .on_failure = [&of](const silk::failure& told) { of.report(told); }});
  } catch (const std::exception& error) {
    report.wrong = error.what();
  }
  threads.clear();
  of.tell_what_is_left();
  report.seen = of.seen;
  return report;
}

}  // namespace random_programs
