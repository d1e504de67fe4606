// program: what every program of the benchmarks does: read the command line, time the work, check the
// answer, count allocations and memory, and print one line of JSON.
//
//   int main(int argc, char** argv) {
//     bench::program<fib> program(argc, argv);
//     silk::runtime runtime({.workers = program.workers()});  // set-up is not timed
//     program.watch(runtime);
//     return program.measure([&](const fib& problem) { return runtime.block_on(...); });
//   }
//
// A problem is a type with
//
//   static std::vector<fib> variants(bench::size);  // which sizes, and which other ways to ask
//   std::string name() const;                       // of the variant
//   std::uint64_t operations() const;               // that one repetition does; the same for all runtimes
//   long answer() const;                            // the right one; or bool is_right(answer) const
//   parameter_list parameters() const;              // what programs in other languages must know
//   void prepare();                                 // if it has one: before each repetition, not timed
#pragma once

#include "histogram.hpp"
#include "session.hpp"

#include <concepts>
#include <string>
#include <utility>
#include <vector>

namespace bench {

template <class Problem>
class program {
 public:
  // Ends the process when the arguments are wrong or ask for a list.
  program(int argc, char** argv)
      : session_(argc, argv, described),
        problem_(Problem::variants(session_.chosen_size())[session_.chosen_variant()]) {}

  unsigned workers() const noexcept { return session_.workers(); }
  const Problem& problem() const noexcept { return problem_; }

  // Tells how often the workers of a runtime stole and went to sleep, too, if it knows.
  template <class Runtime>
  void watch(const Runtime& runtime) {
    session_.count_workers([&runtime]() -> worker_counts {
      const auto counted = runtime.metrics();
      return {.steals = counted.steals, .parks = counted.parks};
    });
  }

  // Times the work, repetition by repetition, and prints what came of it; gives the exit status. The work
  // is called with the problem, and with a histogram if it takes one; it returns the answer.
  template <class Work>
  int measure(Work work) {
    return repeat([&](const Problem& problem, histogram& late) {
      session_.start();
      const auto answer = call(work, problem, late);
      session_.stop();
      return is_right(problem, answer);
    });
  }

  // As above for work that tells by the histogram how long each operation took, since waits that are
  // nobody's fault lie in between.
  template <class Work>
  int measure_latency(Work work) {
    return repeat([&](const Problem& problem, histogram& late) {
      const auto before = late.total();
      session_.start();
      const auto answer = call(work, problem, late);
      session_.stop(late.total() - before);
      return is_right(problem, answer);
    });
  }

 private:
  static std::vector<variant> described(size of) {
    std::vector<variant> all;
    for (const Problem& each : Problem::variants(of)) {
      parameter_list parameters = each.parameters();
      if constexpr (requires { each.answer(); }) parameters.emplace_back("answer", each.answer());
      all.push_back({each.name(), each.operations(), std::move(parameters)});
    }
    return all;
  }

  template <class Answer>
  static bool is_right(const Problem& problem, const Answer& answer) {
    if constexpr (requires { problem.answer(); }) {
      return std::cmp_equal(answer, problem.answer());
    } else {
      return problem.is_right(answer);
    }
  }

  template <class Work>
  static auto call(Work& work, const Problem& problem, histogram& late) {
    if constexpr (std::invocable<Work&, const Problem&, histogram&>) {
      return work(problem, late);
    } else {
      return work(problem);
    }
  }

  static void prepare(Problem& problem) {
    if constexpr (requires { problem.prepare(); }) problem.prepare();
  }

  // Warms up with the smallest problem: threads start, pools get their first memory.
  template <class Timed>
  int repeat(Timed timed) {
    Problem small = Problem::variants(size::quick).front();
    prepare(small);
    if (!timed(small, session_.late())) return session_.wrong_answer();
    session_.forget();
    do {
      prepare(problem_);
      if (!timed(problem_, session_.late())) return session_.wrong_answer();
    } while (session_.wants_more());
    return session_.print();
  }

  session session_;
  Problem problem_;
};

}  // namespace bench
