// The reference model: what asyncio's rules, and docs/cancellation.md where silk had to choose, make of a
// program. It runs a program one small step after the other, and whatever may come next is a question.
#pragma once

#include "outcome.hpp"

namespace random_programs {

class decider {
 public:
  // One of `options` things that may happen next.
  virtual unsigned choose(unsigned options) = 0;

 protected:
  ~decider() = default;
};

// Whether a strand may give way at an await that is ready, as recorded coroutines do in the simulator.
enum class await_pauses : std::uint8_t { none, some };

// Whether those who are cancelled together are told in one moment, or one after the other while others run.
enum class telling : std::uint8_t { at_once, one_by_one };

// What else may happen between two statements.
struct freedom {
  await_pauses pauses = await_pauses::none;
  telling cancels = telling::at_once;
};

struct model_end {
  result seen;
  bool agrees = false;  // with what was expected
  long stopped = 0;     // if it does not, it was stopped then
};

model_end run_model(const program& what, freedom allowed, const result& expected, decider& by);

enum class verdict : std::uint8_t {
  allowed,    // some order of events ends like this
  forbidden,  // none does
  undecided,  // there are too many orders
};

struct judgement {
  verdict is = verdict::allowed;
  unsigned orders = 0;  // that were tried
  model_end nearest;    // of those that were tried, one that agrees for longest
};

// Whether `seen` is what the model gives, for some order of what may come in any order.
judgement judge(const program& what, freedom allowed, const result& seen, unsigned most_orders);

}  // namespace random_programs
