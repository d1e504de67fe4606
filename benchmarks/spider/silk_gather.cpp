#include "problem.hpp"

#include <silk/silk.hpp>

#include <ranges>

namespace {

silk::task<> visit(const bench::spider& wish, bench::histogram& late) {
  silk::time_point time = silk::now();
  for (int page = 0; page < wish.pages; ++page) {
    time += wish.delay;
    co_await silk::sleep_until(time);
    const silk::time_point now = silk::now();
    late.add(now - time);
    time = now;
  }
}

silk::task<> crawl(const bench::spider& wish, bench::histogram& late) {
  auto visits = std::views::iota(0L, wish.sites) |
                std::views::transform([&](long) { return visit(wish, late); });
  co_await silk::gather(visits);
}

}  // namespace

int main(int argc, char** argv) {
  bench::program<bench::spider> program(argc, argv);
  silk::runtime runtime({.workers = program.workers()});
  program.watch(runtime);
  return program.measure([&](const bench::spider& problem, bench::histogram& late) {
    const auto before = late.count();
    runtime.block_on(crawl(problem, late));
    return late.count() - before;
  });
}
