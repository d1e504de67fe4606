// The part of a worker that concerns fork_join: handing branches out, and waiting for those that were taken.
#include "branches.hpp"

#include "assert.hpp"
#include "pool.hpp"
#include "worker.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace silk::scheduler {

// ---- handing out ----

void worker::ask_the_others() noexcept {
  for (const auto& other : pool_.workers_) {
    if (other.get() != this) other->branches_.ask();
  }
}

branch* worker::wanted_branch() noexcept {
  if (!branches_.is_asked()) return nullptr;
  branches_.take_down_ask();
  sync::light_fence();  // pairs with park's heavy fence: keeps B1
  if (!pool_.idle_.anyone_parked() && !pool_.idle_.anyone_searching()) return nullptr;
  if (pool_.driven_) return nullptr;  // the others take their turns when we have ended ours
  branches_.ask();                    // restores B1
  if (!branches_.has_private() || !forks_.looks_empty()) return nullptr;
  return branches_.ring_[branches_.exposed_];
}

void worker::hand_out(branch& oldest) noexcept {
  ++branches_.exposed_;
  std::construct_at(&oldest.out_, oldest, *this);
  forks_.push(oldest.out_);
  pool_.notify();
}

bool worker::take_back(branch& popped) noexcept {
  branches_.exposed_ = branches_.head_;  // all that is older was handed out before
  return forks_.pop_if(popped.out_);
}

void worker::end_of(branch& joined) noexcept { std::destroy_at(&joined.out_); }

void branch::run_handed_out(job& self) noexcept {
  auto& out = static_cast<handed_out&>(self);
  worker& home = out.home;
  // relaxed: a hint for who waits
  out.taken_by.store(current_worker(), sync::memory_order_relaxed);
  out.self.run_(out.self);
  // E:branch-end in/out
  const state wait = out.state.exchange(state::ended, sync::memory_order_seq_cst);
  if (wait != state::running) home.waits_no_more(wait);  // B3: nothing of the branch from here on
}

// ---- waiting ----

void worker::waits_no_more(branch::state wait) noexcept {
  if (wait == branch::state::asleep) {
    unpark();
  } else if (pool_.idle_.claim(index_)) {
    pool_.wake(index_);
  }
}

bool worker::has_room_on_stack() const noexcept {
  return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) > stack_middle_;
}

void worker::wait_for(branch& taken) noexcept {
  branch* const outer = std::exchange(awaited_, &taken);
  bool ran = false;
  while (!taken.has_ended()) {
    if (!has_room_on_stack()) {
      wait_without_room(taken);
      break;
    }
    job* item = forks_.looks_empty() ? help(taken) : nullptr;
    if (item == nullptr && !taken.has_ended()) {
      item = next_local();
      if (item == nullptr) item = find_work();
    }
    if (item == nullptr) continue;
    run_one(*item);
    ran = true;
  }
  awaited_ = outer;
  if (ran) ran_inside_a_job();
}

// What is most likely part of the same computation is what the one who took our branch hands out
// (leapfrogging: Wagner and Calder, PPoPP 1993). What we have handed out ourselves came first.
job* worker::help(branch& taken) noexcept {
  for (unsigned round = 0; round < 16 && !taken.has_ended(); ++round) {
    // relaxed: workers live as long as the pool
    worker* const thief = taken.out_.taken_by.load(sync::memory_order_relaxed);
    if (thief != nullptr && thief != this) {
      const steal_result stolen = thief->forks_.steal();
      if (stolen.status == steal_status::taken) {
        steals_.add();
        return stolen.item;
      }
      thief->branches_.ask();
    }
    for (int i = 0; i < 16; ++i) sync::cpu_relax();
  }
  return nullptr;
}

// Nobody may have taken it: it may be in our own deque, below what jobs inside of us have pushed.
void worker::wait_without_room(branch& taken) noexcept {
  while (job* item = forks_.pop()) {
    if (item == &taken.out_) return branch::run_handed_out(*item);
    push(*item);
  }
  sleep_until_end_of(taken);
}

// In nobody's sight, and good for nothing: deep in its stack, or when the pool stops.
void worker::sleep_until_end_of(branch& taken) noexcept {
  if (taken.will(branch::state::asleep)) static_cast<void>(driver_.park(no_deadline));
}

// ---- giving way ----

// Looks some 200 us after the last time, however long the branches are.
void worker::give_way() noexcept {
  constexpr std::uint64_t wanted = 200'000;  // ns, docs/decisions/003-fairness.md
  constexpr std::uint32_t most = 8192;
  branches& mine = branches_;
  const std::uint64_t now = pool_.driven_ ? 0 : clock::steady_now();
  const std::uint64_t passed = now - last_give_way_;
  if (passed > wanted) {
    mine.refill_ =
        std::max<std::uint32_t>(1, static_cast<std::uint32_t>(mine.refill_ * wanted / passed));
  } else {
    mine.refill_ = std::min(most, 2 * mine.refill_);
  }
  mine.budget_ = mine.refill_;
  if (pool_.driven_ || !has_room_on_stack()) return;
  bool ran = false;
  const bool on_top = std::exchange(gives_way_, true);
  job* item = maintain();
  for (unsigned turn = 0; turn < maintenance_turns && item != nullptr; ++turn) {
    run_one(*item);
    ran = true;
    item = turn + 1 < maintenance_turns ? next_local() : nullptr;
  }
  gives_way_ = on_top;
  if (ran) ran_inside_a_job();
  last_give_way_ = ran ? clock::steady_now() : now;
}

}  // namespace silk::scheduler
