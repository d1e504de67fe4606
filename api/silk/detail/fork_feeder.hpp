// fork_feeder: the children of a long range, a chunk at a time.
//
// A range of a million tasks is not made runnable at once. A chunk of them is, and under it in the deque, where
// thieves come to it first, a job that brings the next chunk. Who takes that job has the range to itself:
// it makes the tasks, if the range makes them as it is read, and puts the job back with the new children on top.
// So a deque holds one chunk for each level of forks, a task runs where it was made while it is in the cache,
// and two workers meet once for a chunk instead of once for a child.
//
// The holder of the join token is in a chunk, too. At its end it takes the job back, if nobody else has it
// (pop_if), and goes on with the next one; else the token arrives, and the others count themselves. After
// some 8,192 children it arrives in any case, so that the loop of the worker gets its turn (I6).
//
// A cancel tells the children that are there. Those that are not will never be: they have ended.
//
// F6: the range, and given_, are touched by the holder of the job alone; who takes it happens after who put it
//     back (the deque's edges).
// F7: a child is told of a cancel, or is never made: publish and stop decide that under the lock.
// F8: as long as the job is to come back the group is not complete, since children are missing.
#pragma once

#include "fork_group.hpp"

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>

namespace silk::detail {

class fork_feeder : public engine::job {
 public:
  // Children [from, to).
  struct chunk {
    std::uint32_t from;
    std::uint32_t to;
    bool empty() const noexcept { return from == to; }
  };
  // Makes the children of a chunk, or throws and leaves none. [holder of the job]
  using make_function = void (*)(fork_group&, chunk);

  // A chunk is as large as all before it together, within these.
  static constexpr std::uint32_t first_chunk = sync::children_at_once;
  static constexpr std::uint32_t largest_chunk = 64 * first_chunk;

  // Of a group of more than one chunk. The first one has been made; if `make` is null all have. [task]
  fork_feeder(fork_group& group, make_function make) noexcept
      : group_(group), make_(make), made_(make != nullptr ? first_chunk : group.children) {
    run = run_as_job;
  }

  // The group starts: gives the first chunk, for the caller to make runnable on top of us. [task]
  chunk begin(engine::worker& here) noexcept;
  // At the end of its chunk, with children behind it. Returns who goes on. [holder of the join token]
  std::coroutine_handle<> go_on() noexcept;
  // Whether the chunk of the token's holder ends in front of this slot. [holder of the join token]
  bool ends_at(const std::byte* slot) const noexcept { return slot == slot_behind_; }
  // How many of the children before that one the others have taken. [holder of the join token]
  std::uint32_t of_others() const noexcept { return of_others_; }

  // How many children there are; once stopped it stays. [holder of the group, or at its end]
  std::uint32_t made() noexcept;
  // The group is told to end: no more are made. [holder of the group]
  void stop() noexcept;
  // Why the range could not be read to its end; null if it could. After the join. [task]
  const std::exception_ptr& failure() const noexcept { return failure_; }

 private:
  static void run_as_job(engine::job& self) noexcept;
  void enter_chunk(chunk mine) noexcept;  // [holder of the join token]
  // Empty when the rest of the children will never be. [holder of the job]
  chunk next_chunk() noexcept;
  bool make(chunk wanted) noexcept;
  bool publish(chunk made) noexcept;
  void fail(std::exception_ptr why) noexcept;
  // The job goes first; the group stays until the last child has gone. [holder of the job]
  void hand_out(chunk next, engine::worker& here) noexcept;

  fork_group& group_;
  const make_function make_;
  std::uint32_t given_ = 0;  // children that were made runnable
  // The token holder's: where its chunk ends, and how many before that were not in chunks of its own.
  std::uint32_t chunk_end_ = 0;
  const std::byte* slot_behind_ = nullptr;
  std::uint32_t of_others_ = 0;
  sync::spinlock lock_;
  bool stopped_ = false;  // guarded by lock_
  std::uint32_t made_;    // guarded by lock_
  std::exception_ptr failure_;
};

}  // namespace silk::detail
