// The reduction of search_tree finds whatever the search without it finds: on random programs of two or
// three threads, with and without a bound on preemptions.
#include "outcomes.hpp"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <set>
#include <vector>

namespace {

namespace sync = silk::scheduler::sync;
using silk::model::options;
using silk::model::reduction;
using silk::model::search_tree;

enum class act : std::uint8_t { load, store, add, swap_if, fence, light, heavy, locked_add };

struct instruction {
  act what;
  unsigned object;
  int value;
  std::memory_order order;
};

using program = std::vector<std::vector<instruction>>;

constexpr unsigned objects = 2;
constexpr std::size_t most_reads = 9;

struct run_state {
  std::array<sync::atomic<int>, objects> shared{};
  sync::mutex lock;
  int guarded = 0;
  std::array<std::array<int, most_reads>, 3> reads{};
};

void execute(run_state& in, std::size_t thread, const std::vector<instruction>& steps) {
  std::size_t next = 0;
  const auto note = [&](int value) { in.reads[thread][next++] = value; };
  for (const instruction& each : steps) {
    sync::atomic<int>& at = in.shared[each.object];
    const bool releases = each.order == std::memory_order_release;
    switch (each.what) {
      case act::load:
        note(at.load(releases ? std::memory_order_acquire : each.order));
        break;
      case act::store:
        at.store(each.value, each.order);
        break;
      case act::add:
        note(at.fetch_add(each.value, each.order));
        break;
      case act::swap_if: {
        int expected = each.value - 1;
        note(at.compare_exchange_strong(expected, each.value, each.order, std::memory_order_relaxed)
                 ? 100
                 : expected);
        break;
      }
      case act::fence:
        sync::full_fence();
        break;
      case act::light:
        sync::light_fence();
        break;
      case act::heavy:
        sync::heavy_fence();
        break;
      case act::locked_add: {
        const sync::lock_guard hold(in.lock);
        note(in.guarded);
        in.guarded = in.guarded * 2 + static_cast<int>(thread);
        break;
      }
    }
  }
}

// Everything that a program can tell: what each thread has read, and what is there in the end.
using observation = std::vector<int>;

std::set<observation> observe(const program& what, const options& how, std::uint64_t& executions) {
  std::set<observation> all;
  observation seen(3 * most_reads + objects);
  const auto body = [&] {
    run_state state;
    const auto run = [&](std::size_t i) { return [&, i] { execute(state, i, what[i]); }; };
    if (what.size() == 2) {
      silk::model::together(run(0), run(1));
    } else {
      silk::model::together(run(0), run(1), run(2));
    }
    std::size_t next = 0;
    for (const auto& of_thread : state.reads) {
      for (const int each : of_thread) seen[next++] = each;
    }
    for (auto& each : state.shared) seen[next++] = each.load(std::memory_order_relaxed);
  };
  // The body cannot put into a set: what it allocates belongs to the execution.
  class collecting final : public silk::model::listener {
   public:
    collecting(std::set<observation>& into, const observation& from) : all_(into), seen_(from) {}
    void completed() override { all_.insert(seen_); }

   private:
    std::set<observation>& all_;
    const observation& seen_;
  } collect(all, seen);
  options listening = how;
  listening.listens = &collect;
  const silk::model::result found = silk::model::explore(listening, body);
  EXPECT_FALSE(found.failed) << found.failure << "\n" << found.trace;
  EXPECT_TRUE(found.complete);
  executions += found.executions + found.given_up;
  return all;
}

program random_program(std::mt19937_64& random, bool with_locks) {
  const auto below = [&](unsigned limit) { return static_cast<unsigned>(random() % limit); };
  constexpr std::array<std::memory_order, 4> orders{
      std::memory_order_relaxed, std::memory_order_release, std::memory_order_relaxed,
      std::memory_order_seq_cst};
  program made(2 + below(2));
  for (auto& steps : made) {
    const unsigned length = made.size() == 2 ? 2 + below(3) : 1 + below(3);
    for (unsigned i = 0; i < length; ++i) {
      const unsigned kind = below(16);
      const act what = kind < 5    ? act::load
                       : kind < 10 ? act::store
                       : kind < 12 ? act::add
                       : kind < 13 ? act::swap_if
                       : kind < 14 ? act::fence
                       : kind < 15 ? (with_locks ? act::locked_add : act::light)
                                   : (with_locks ? act::locked_add : act::heavy);
      steps.push_back({what, below(objects), 1 + static_cast<int>(below(2)), orders[below(4)]});
    }
  }
  return made;
}

constexpr std::array<const char*, 8> act_names{"load",  "store", "add",   "swap_if",
                                               "fence", "light", "heavy", "locked_add"};

std::string text_of(const program& what) {
  std::string text;
  for (const auto& steps : what) {
    for (const auto& each : steps) {
      text += std::string(act_names[static_cast<std::size_t>(each.what)]) + " " +
              "xy"[each.object] + " " + std::to_string(each.value) + " order " +
              std::to_string(static_cast<int>(each.order)) + "; ";
    }
    text += "\n";
  }
  return text;
}

void compare(unsigned preemptions, bool with_locks, unsigned programs,
             unsigned old_values = search_tree::unbounded) {
  std::mt19937_64 random(20'13 + preemptions + (with_locks ? 1000 : 0));
  std::uint64_t all = 0, reduced = 0;
  for (unsigned i = 0; i < programs; ++i) {
    const program what = random_program(random, with_locks);
    const auto without = observe(
        what, {.preemptions = preemptions, .old_values = old_values, .reduced = reduction::none},
        all);
    const auto with =
        observe(what, {.preemptions = preemptions, .old_values = old_values}, reduced);
    ASSERT_EQ(without, with) << "program " << i << ":\n" << text_of(what);
  }
  testing::Test::RecordProperty("without_reduction", std::to_string(all));
  testing::Test::RecordProperty("with_reduction", std::to_string(reduced));
  std::printf(
      "%12s: %llu executions without reduction, %llu with\n",
      preemptions == search_tree::unbounded ? "unbounded" : std::to_string(preemptions).c_str(),
      static_cast<unsigned long long>(all), static_cast<unsigned long long>(reduced));
  EXPECT_LT(reduced, all);
}

TEST(reduction, finds_the_same_without_a_bound) { compare(search_tree::unbounded, false, 300); }
TEST(reduction, finds_the_same_without_a_bound_with_locks) {
  compare(search_tree::unbounded, true, 300);
}
TEST(reduction, finds_the_same_within_no_preemption) { compare(0, false, 300); }
TEST(reduction, finds_the_same_within_one_preemption) { compare(1, false, 300); }
TEST(reduction, finds_the_same_within_two_preemptions) { compare(2, false, 300); }
TEST(reduction, finds_the_same_within_one_preemption_with_locks) { compare(1, true, 300); }
TEST(reduction, finds_the_same_within_two_preemptions_with_locks) { compare(2, true, 300); }

TEST(reduction, finds_the_same_with_no_old_value) {
  compare(search_tree::unbounded, false, 300, 0);
  compare(2, true, 300, 0);
}
TEST(reduction, finds_the_same_with_one_old_value) {
  compare(search_tree::unbounded, false, 300, 1);
  compare(2, false, 300, 1);
  compare(1, true, 300, 1);
}

}  // namespace
