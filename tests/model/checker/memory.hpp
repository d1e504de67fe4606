// memory: atomic objects under the C++20 memory model.
//
// Each object has its modification order, a list of stores. A thread may read any store from the last
// one on that it knows (clock.hpp): coherence and happens-before allow that, and nothing more is
// promised by them. A store that is no read-modify-write may be put anywhere behind the last one that
// its thread knows, not only at the end, but never between a read-modify-write and what that has read.
// The order S of seq_cst operations is the order of execution: P0668, "Revising the C++ memory model".
//
// What is not modelled: a load never returns a value that is stored later in the execution (load
// buffering, out of thin air), and S never contradicts happens-before (C++20 allows that where seq_cst
// and weaker operations on one object are mixed).
//
// After CDSChecker (Norris and Demsky, OOPSLA 2013), loom, and the view machine of Kang et al., "A
// promising semantics" (POPL 2017).
#pragma once

#include "clock.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <source_location>
#include <vector>

namespace silk::model {

struct store_record {
  static constexpr moment never = 0xffff;
  static constexpr std::uint32_t not_ordered = 0xffff'ffff;

  std::uint64_t position = 0;  // in the modification order
  std::uint64_t value = 0;
  knowledge released;   // what a reader that acquires learns
  vector_clock causes;  // steps that come before in every equivalent execution
  std::array<moment, max_threads> first_use{};  // each thread's first step that read or wrote it
  std::uint32_t ordered_use = not_ordered;      // place in S of the first such step that is seq_cst
  std::uint32_t number = 0;                     // in order of execution, for its object
  thread_id writer = 0;
  moment written = 0;
  bool consumed = false;  // the next one is a read-modify-write that has read it
};

struct location {
  const void* address = nullptr;
  std::size_t size = 0;
  std::vector<store_record> stores;  // in modification order
  vector_clock ordered_causes;       // of seq_cst accesses, as store_record::causes
  std::uint32_t created = 0;         // stores so far
};

// What the memory model keeps for a thread.
struct memory_view {
  knowledge knows;
  knowledge acquirable;  // becomes known by an acquire fence
  knowledge released;    // known at the last release fence
  vector_clock flushed;  // knows.seen at the last point that the compiler moves no access across
  vector_clock causes;   // steps that come before the next one in every equivalent execution

  moment now(thread_id self) const noexcept { return knows.happened.at[self]; }
};

enum class update_kind : std::uint8_t { exchange, add, subtract, bit_and, bit_or, bit_xor };

std::uint64_t result_of(update_kind kind, std::uint64_t old, std::uint64_t operand) noexcept;

// Decides where the model leaves a choice.
class chooser {
 public:
  // 0 to count - 1, of those whose bit is set in `allowed` (bit 63: all from 63 on); 0 is the ordinary
  // course: the newest value.
  virtual unsigned choose(unsigned count, std::uint64_t allowed) = 0;

 protected:
  ~chooser() = default;
};

class memory {
 public:
  explicit memory(chooser& decides) noexcept : chooser_(decides) {}

  // `merges`: of two stores whose values are the same a load returns the earlier one only, if that makes
  // the later one superfluous.
  void reset(bool merges) noexcept;

  // `known` is the cell's location; registers the object if there is none.
  location& at(std::uint32_t& known, const void* address, std::size_t size, thread_id creator,
               moment created);
  location* find(std::uint32_t known) noexcept { return known != 0 ? &locations_[known] : nullptr; }

  struct actor {
    thread_id id;
    memory_view& view;
    std::uint32_t only_from = 0;  // of what it may read: the number of the oldest store
  };
  // What was read, for the trace and for spinning threads.
  struct reading {
    std::uint64_t value = 0;
    std::uint64_t position = 0;
    unsigned newer = 0;  // stores behind it in the modification order
    thread_id writer = 0;
    moment written = 0;
  };

  reading load(actor by, location& from, std::memory_order order);
  void store(actor by, location& to, std::uint64_t value, std::memory_order order);
  reading update(actor by, location& at, update_kind kind, std::uint64_t operand,
                 std::memory_order order);
  struct exchange_result {
    reading read;
    bool exchanged;
  };
  struct comparison {
    std::uint64_t expected;
    std::uint64_t desired;
    std::memory_order success;
    std::memory_order failure;
    bool may_fail;  // for no reason
  };
  exchange_result compare_exchange(actor by, location& at, const comparison& with);

  // Which of its choices a load, or a read-modify-write, has: bit 0 is the newest store.
  std::uint64_t choices_of(actor by, const location& at, bool ordered, bool for_update);

  void fence(actor by, std::memory_order order);
  // A heavy fence reaches another thread where that is just now.
  void reach(actor by, actor whom);
  // The compiler moves no access across.
  static void flush(memory_view& view) noexcept { view.flushed = view.knows.seen; }

  // Another value than the one that was read there is newer.
  static bool has_newer(const location& at, std::uint64_t position, std::uint64_t value) noexcept {
    return std::any_of(at.stores.begin(), at.stores.end(), [=](const store_record& each) {
      return each.position > position && each.value != value;
    });
  }

 private:
  static constexpr std::uint64_t gap = std::uint64_t{1} << 32;

  bool knows(const store_record& store, const memory_view& view, bool ordered) const noexcept;
  std::size_t oldest_visible(const location& at, const memory_view& view, bool ordered) const;
  reading note_read(actor by, location& at, store_record& store, std::memory_order order);
  void note_use(actor by, location& at, store_record& store, bool ordered);
  store_record& insert(actor by, location& at, std::size_t index, std::uint64_t value,
                       std::memory_order order);
  reading replace(actor by, location& at, std::size_t index, std::uint64_t value,
                  std::memory_order order);
  static bool may_meet(const location& at, std::size_t i, std::size_t oldest_ordered,
                       const comparison& with) noexcept;
  void collect(actor by, const location& at, bool ordered, bool for_update);
  std::uint64_t allowed(const location& at, std::uint32_t only_from) const noexcept;
  std::size_t choose_visible(actor by, const location& at, bool ordered, bool for_update);

  chooser& chooser_;
  bool merges_ = true;
  std::vector<std::size_t> visible_;   // what collect() has found
  std::deque<location> locations_{1};  // [0] is nobody's; others are used again
  std::size_t used_ = 1;
  std::uint32_t order_length_ = 0;  // of S
  vector_clock order_seen_;         // known to a seq_cst fence that comes now
  // As store_record::causes.
  vector_clock fence_causes_;
  vector_clock access_causes_;
};

}  // namespace silk::model
