// Programs over the whole API, made of bytes: any bytes are a program, and most changes of the bytes are small
// changes of the program. What a program means is told twice: by run.cpp, with silk, and by model.cpp, without.
//
// A program runs as a task of its own. Then the harness lets a long time pass and cancels what is left, one
// task after the other, so that every program ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace random_programs {

enum class op : std::uint8_t {
  sleep,    // for `time`
  yield,    //
  fail,     // throws failure(number of the statement)
  call,     // awaits a block as part of this task
  attempt,  // runs a block, catches what `catches` says, runs another block, and rethrows or not
  gather,   // of blocks
  settle,   // gather_settled of blocks
  spawn,    // a block, as the task `target`
  detach,   // the same, and the handle is dropped
  await,    // the task `target`
  shield,   // the same, shielded
  cancel,   // the task `target`
  cancel_outside,  // the same by a thread that is no worker, at any moment
  gather_handles,  // of `targets`
  wait,            // for `targets`, until `until`, for `time` if that is not 0
  timeout,         // with_timeout(time, block)
  timeout_handle,  // with_timeout(time, the task `target`)
  group,           // with_task_group: its body is the block
  group_spawn,     // a block, into the innermost group around it, as the task `target`
  group_cancel,    // the innermost group around it
  select,          // of blocks
  select_any,      // of a block and `parts`: an item, a permit (released at once), time
  lock,            // runs a block with the mutex
  permit,          // runs a block with a permit of the semaphore `object`
  put,             // an item into the queue `object`
  get,             // an item from the queue `object`
  set_event,       //
  wait_event,      //
  to_thread,       // a call that takes no time
  uncancel,        // tells how many requests remain
};
constexpr unsigned ops = static_cast<unsigned>(op::uncancel) + 1;

struct statement;
using block = std::vector<statement>;

enum class wait_until : std::uint8_t { first_completed, first_exception, all_completed };

// What an attempt catches and what it does then.
struct attempt_flags {
  bool errors = false, cancels = false;
  bool uncancels = false;  // a cancel that was caught
  bool rethrows = false;
};

// Each runs at most once: there are no loops.
struct statement {
  op what = op::yield;
  int number = 0;  // in the program, from 1
  long time = 0;   // microseconds
  int target = -1;
  std::vector<int> targets;
  int object = 0;
  wait_until until = wait_until::all_completed;
  attempt_flags catches;
  std::vector<block> blocks;
  std::vector<statement>
      parts;  // what is awaited without a coroutine around it; they have no number
};

constexpr int semaphores = 2, queues = 2;
constexpr int permits_of(int semaphore) { return semaphore + 1; }
constexpr int capacity_of(int queue) { return queue; }  // the first one is unbounded

// The harness waits so long, then cancels each task that is left, `between` one and the next, and so on.
constexpr long patience = 1'000'000'000, between = 1'000;

struct program {
  block body;
  int statements = 0;
  int tasks = 0;  // that may be spawned, beside the program itself
};

program decode(std::span<const std::uint8_t> bytes);
std::string to_text(const program& what);
const char* name_of(op what);

}  // namespace random_programs
