#include "explore.hpp"

#include "walk.hpp"

#include <chrono>
#include <memory>

namespace silk::model {

namespace {

rules rules_of(const options& how) {
  return {.steps = how.steps,
          .spurious = how.spurious,
          .fences = how.fences,
          .barriers = how.barriers,
          .merges_values = how.reduced == reduction::partial_order,
          .gives_up = !how.has_globals};
}

std::unique_ptr<strategy> strategy_of(const options& how) {
  if (!how.replay.empty()) return std::make_unique<replay>(how.replay);
  switch (how.mode) {
    case search::exhaustive:
      break;
    case search::random:
      return std::make_unique<random_walk>(how.seed);
    case search::pct:
      return std::make_unique<priority_walk>(how.seed, how.depth);
  }
  return std::make_unique<search_tree>(execution::the(), how.preemptions, how.old_values,
                                       how.reduced);
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// The first time that static variables of functions are met they are made, to stay.
void warm_up(rules limits, const std::function<void()>& body) {
  limits.is_warm_up = true;
  replay ordinary_course("-");
  static_cast<void>(execution::the().run(ordinary_course, limits, body));
}

// Once more, step by step.
void tell(result& of, const rules& limits, const void* watched, const std::function<void()>& body) {
  execution& here = execution::the();
  replay again(of.schedule);
  here.set_tracing(true, watched);
  static_cast<void>(here.run(again, limits, body));
  here.set_tracing(false, nullptr);
  of.trace = here.trace();
  if (here.failure() != of.failure) {
    of.trace += "the replay ended otherwise: " + here.failure() + "\n";
  }
}

}  // namespace

result explore(const options& how, const std::function<void()>& body) {
  execution& here = execution::the();
  const std::unique_ptr<strategy> decides = strategy_of(how);
  const rules limits = rules_of(how);
  const auto start = std::chrono::steady_clock::now();
  result found;
  if (how.has_globals) warm_up(limits, body);
  for (;;) {
    const ending how_it_ended = here.run(*decides, limits, body);
    ++(how_it_ended == ending::given_up ? found.given_up : found.executions);
    if (how_it_ended == ending::complete && how.listens != nullptr) how.listens->completed();
    if (how_it_ended == ending::failed) {
      found.failed = true;
      found.failure = here.failure();
      found.schedule = here.schedule();
      tell(found, limits, here.fault_address(), body);
      break;
    }
    if (!decides->next()) {
      found.complete = how.mode == search::exhaustive && how.replay.empty();
      break;
    }
    const std::uint64_t runs = found.executions + found.given_up;
    if (runs >= how.executions) break;
    if (runs % 64 == 0 && seconds_since(start) > how.seconds) break;
  }
  found.seconds = seconds_since(start);
  return found;
}

void check(bool holds, const char* what, std::source_location where) {
  if (holds) return;
  execution::the().broken(what, where.file_name(), where.line());
}

void name(const void* object, std::string text) { execution::the().name(object, std::move(text)); }

}  // namespace silk::model
