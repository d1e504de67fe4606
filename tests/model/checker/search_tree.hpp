// search_tree: all executions of a body, depth first, within a bound on preemptions.
//
// An execution is a path: at each crossing a thread, at each fork one of the values that a load may
// return. The next execution repeats the path up to the last place where something is left to try.
//
// The reduction (dynamic partial-order reduction, Flanagan and Godefroid, POPL 2005): at a crossing other
// threads are tried only if a later step turned out not to commute with the step that was made there
// (operation.hpp). With a bound (Coons, Musuvathi and McKinley, "Bounded partial-order reduction", OOPSLA
// 2013) they are tried, too, where the thread that made this step had begun to run, since to switch there
// may cost no preemption; and a step that happens before another is no reason to leave it out.
//
// Sleep sets (Godefroid 1996): a thread whose next step was tried here sleeps in what is tried after it,
// until a step is made that does not commute with that step. If all it then may do anew is to read a
// value that was not there, only such values are tried (only_from). Within a bound only the thread that
// would have gone on anyway may sleep: an execution that leaves it out has an equal one, in which it goes
// on at once, with no more preemptions. For any other thread that is not so.
//
// The choices that are not the ordinary one, mostly loads that do not return the newest value, may be
// bounded, too. Then a load that comes before a store is not the same as one that comes after it and
// returns an old value, which has a price: any two accesses to one object are taken not to commute, unless
// both only read; and nobody sleeps.
//
// Whether this finds all outcomes is tested against the search without reduction, on random programs
// (tests/model/reduction_test.cpp).
#pragma once

#include "execution.hpp"
#include "strategy.hpp"

#include <array>
#include <cstdint>
#include <limits>
#include <vector>

namespace silk::model {

enum class reduction : std::uint8_t { none, partial_order };

class search_tree final : public strategy {
 public:
  static constexpr unsigned unbounded = std::numeric_limits<unsigned>::max();

  search_tree(execution& of, unsigned preemptions, unsigned old_values, reduction how);

  void begin() override;
  unsigned choose_thread(const crossing& at) override;
  unsigned choose(unsigned count, std::uint64_t allowed) override;
  void arrived(thread_id thread, const operation& next) override;
  void executes(thread_id thread, const operation& now) override;
  std::uint32_t only_from(thread_id thread) const noexcept override { return only_from_[thread]; }
  bool next() override;

 private:
  static constexpr std::uint32_t nowhere = ~std::uint32_t{0};

  struct node {
    bool is_crossing;
    unsigned chosen;
    // Of a fork.
    unsigned count = 0;
    std::uint64_t allowed = 0;
    unsigned old_values = 0;  // before it
    // Of a crossing.
    crossing at{};
    unsigned preemptions = 0;  // before it
    thread_mask to_try = 0;
    thread_mask tried = 0;
    thread_mask asleep = 0;
    thread_mask idle = 0;      // awake, but there is nothing new to read, or that has its price
    std::uint32_t stores = 0;  // to what the chosen thread reads next
    std::array<std::uint32_t, max_threads> slept_at{};  // the same, of those asleep
  };
  struct event {
    operation step;
    thread_id thread;
    moment when;
    std::uint32_t crossing;          // its node, or nowhere
    std::uint32_t block;             // the first event of this run of the thread
    std::uint32_t before_on_object;  // the one before on the same object, or nowhere
    std::uint32_t before_in_order;   // the one before of the fences, or of the seq_cst accesses
  };
  // The last event of something, in this execution.
  struct last_on_object {
    const void* object = nullptr;
    std::uint64_t execution = 0;
    std::uint32_t event = nowhere;
  };
  using last_of_threads = std::array<std::uint32_t, max_threads>;

  bool commute(thread_id first, const operation& earlier, thread_id second,
               const operation& later) const noexcept {
    if (must_reverse(first, earlier, second, later)) return false;
    return old_bound_ == unbounded || earlier.object == nullptr || earlier.object != later.object ||
           !(earlier.writes() || later.writes());
  }
  bool bounded() const noexcept { return bound_ != unbounded; }
  static unsigned cost(const node& of, thread_id thread) noexcept {
    return thread != of.at.previous && !of.at.free_to_leave ? 1 : 0;
  }
  bool affordable(const node& of, thread_id thread) const noexcept {
    return of.preemptions + cost(of, thread) <= bound_;
  }
  unsigned pick(const node& of, thread_mask from) const noexcept;
  node& enter_crossing(const crossing& at);
  thread_mask with_nothing_to_read(thread_mask among) const;
  std::uint32_t& last_on(const void* object) noexcept;
  void look_back(thread_id thread, const operation& next);
  void look_along(std::uint32_t from, std::uint32_t event::* before, thread_id thread,
                  const operation& next, last_of_threads& found) const;
  void try_before(const event& earlier, thread_id thread);
  void try_at(std::uint32_t crossing, thread_id thread);
  void wake_sleepers(thread_id by, const operation& now);
  bool advance(node& last);

  execution& execution_;
  unsigned bound_;
  unsigned old_bound_;
  reduction how_;
  std::vector<node> path_;
  std::size_t depth_ = 0;
  std::vector<event> events_;
  std::vector<last_on_object> last_on_objects_;  // a hash table with open addressing
  std::uint64_t execution_number_ = 0;
  std::uint32_t last_fence_ = nowhere;
  std::uint32_t last_ordered_ = nowhere;
  last_of_threads last_of_{};
  std::uint32_t at_ = nowhere;  // the crossing that led to the step which comes next
  unsigned preemptions_ = 0;
  unsigned old_values_ = 0;
  thread_mask asleep_ = 0;
  std::array<std::uint32_t, max_threads> slept_at_{};
  std::array<std::uint32_t, max_threads> only_from_{};
};

}  // namespace silk::model
