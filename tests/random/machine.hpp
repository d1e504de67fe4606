// The parts of the reference model: plain data, and no silk. What they mean is in model.cpp.
#pragma once

#include "outcome.hpp"

#include <deque>
#include <vector>

namespace random_programs {

// A block that is under way. `owner` is the statement, in the frame below, that it belongs to.
struct frame {
  explicit frame(const block* in, const statement* of = nullptr) : code(in), owner(of) {}
  const block* code;
  const statement* owner;
  std::size_t next = 0;
  bool cleans_up = false;  // of an attempt: its second block
  outcome caught;          // what made it run
};

enum class waits : std::uint8_t { no, turn, handle, handles, join };

// Where a strand is suspended.
struct waiting {
  waits kind = waits::no;
  bool over = false;       // it happened; the strand has yet to run
  bool cancelled = false;  // interrupted, or its targets were told
  std::vector<int> targets;
  int join = -1;
  int item = 0;  // of a put
};

enum class strand_state : std::uint8_t { fresh, ready, waiting, ended };

// What can be cancelled by itself: a task, a child of gather or select, the inside of a timeout or group.
struct strand {
  strand_state state = strand_state::fresh;
  std::vector<frame> frames;
  const block* code = nullptr;
  const statement* only = nullptr;  // instead of code
  waiting at;
  int spawned = -1;  // a task whose handle it has yet to keep where others find it
  int requests = 0;
  bool pending = false;             // a cancel that is to be thrown
  bool pending_from_above = false;  // the inside of a scope: and not only one of the scope itself
  outcome end;
  int task = -1;          // its number, if it is a task; 0 is the program
  int join = -1;          // it is a child of this one
  bool detached = false;  // a task whose handle nobody has
  int group = -1;         // a task that was spawned into this one
};

// Children, and who waits for them.
struct join {
  const statement* what = nullptr;
  int parent = -1;
  int entered_with = 0;  // requests of the parent's task
  std::vector<int> children;
  bool linked = false;     // a cancel of the parent finds its way down
  bool cancelled = false;  // from above, and told
  int first = -1;          // child: the first failure, or the first to end
  bool expired = false;
  // Of a group.
  std::vector<int> members;  // that have not ended
  std::vector<outcome> errors;
  bool aborting = false, stopped = false, body_runs = true;
};

struct timer {
  long when;
  int strand;  // whose wait is over, or -1
  int join;    // whose time is up, or -1
};

// Strands that are to be cancelled, one after the other. Who waits for all of them does so until they have
// been told.
struct tells {
  std::vector<int> strands;
  int join = -1;    // whose children they are, or
  int waiter = -1;  // who waits for their handles
};

struct line {  // of those that wait for their turn
  std::deque<int> waiters;
  int free = 0;
};

struct item_queue {
  std::deque<int> items;
  std::size_t promised = 0;  // so many of the first belong to getters that were woken
  std::size_t capacity = 0;
  std::deque<int> getters, putters;
};

}  // namespace random_programs
