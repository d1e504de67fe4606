// Turns: the mutex, the semaphores, the event, the queues, and threads that are called.
#include "model_run.hpp"

#include <algorithm>
#include <utility>

namespace random_programs {

line& model_run::line_of(const statement& what) {
  if (what.what == op::permit) return permits_[what.object];
  return what.what == op::lock ? mutex_ : event_;
}

void model_run::begin_turn(int s, const statement& what) {
  if (what.what == op::set_event) {
    event_.free = 1;
    for (const int each : std::exchange(event_.waiters, {})) wake(each);
    return complete(s, ending::value);
  }
  if (what.what != op::to_thread && take_now(what)) return after_turn(s, what);
  if (enter_wait(s, waits::turn)) stand_in_line(s, what);
}

bool model_run::take_now(const statement& what) {
  item_queue& q = queues_[what.object];
  switch (what.what) {
    case op::put:
      if (q.capacity != 0 && q.items.size() >= q.capacity) return false;
      add_item(q, what.number);
      return true;
    case op::get:
      if (q.items.size() <= q.promised) return false;
      record_of(what).detail = {q.items.front()};  // who was woken takes the next one
      q.items.pop_front();
      removed_one(q);
      return true;
    case op::wait_event:
      return event_.free != 0;
    default: {
      line& of = line_of(what);
      if (of.free == 0) return false;
      --of.free;
      return true;
    }
  }
}

void model_run::stand_in_line(int s, const statement& what) {
  switch (what.what) {
    case op::to_thread:
      return calls_.push_back(s);
    case op::put:
      return queues_[what.object].putters.push_back(s);
    case op::get:
      return queues_[what.object].getters.push_back(s);
    default:
      return line_of(what).waiters.push_back(s);
  }
}

// Interrupted before its turn came.
void model_run::leave_line(int s, const statement& what) {
  const auto leave = [s](std::deque<int>& of) { std::erase(of, s); };
  if (what.what == op::put) leave(queues_[what.object].putters);
  if (what.what == op::get) leave(queues_[what.object].getters);
  if (what.what == op::lock || what.what == op::permit || what.what == op::wait_event)
    leave(line_of(what).waiters);
}

// Cancelled after its turn has come.
bool model_run::give_back(const statement& what) {
  item_queue& q = queues_[what.object];
  switch (what.what) {
    case op::lock:
    case op::permit:
      release(line_of(what));
      return true;
    case op::get:
      --q.promised;
      promise_items(q);
      return true;
    case op::put: {
      const auto item = std::ranges::find(q.items, what.number);
      if (item == q.items.end() || q.items.size() <= q.promised) return false;
      q.items.erase(item);
      removed_one(q);
      return true;
    }
    default:
      return true;
  }
}

void model_run::release(line& of) {
  if (of.waiters.empty()) {
    ++of.free;
    return;
  }
  const int next = of.waiters.front();
  of.waiters.pop_front();
  wake(next);
}

// A branch of select, or the inside of a timeout. It does not use its turn: that may have to go back.
void model_run::begin_part(int s, const statement& what) {
  if (what.what == op::await) return begin_handle(s, what.target + 1);
  if (!enter_wait(s, waits::turn)) return;
  item_queue& q = queues_[what.object];
  line& permits = permits_[what.object];
  if (what.what == op::sleep) {
    timers_.push_back({now_ + what.time, s, -1});
  } else if (what.what == op::get && q.items.size() > q.promised) {
    ++q.promised;
    wake(s);
  } else if (what.what == op::permit && permits.free > 0) {
    --permits.free;
    wake(s);
  } else {
    stand_in_line(s, what);
  }
}

// Of the branch that has won.
int model_run::use_turn(const statement& part) {
  if (part.what == op::permit) release(line_of(part));
  if (part.what != op::get) return 0;
  item_queue& q = queues_[part.object];
  const int item = q.items.front();
  q.items.pop_front();
  --q.promised;
  removed_one(q);
  return item;
}

// The strand has its turn.
void model_run::after_turn(int s, const statement& what) {
  if (at(s).only != nullptr) return complete(s, ending::value);
  if (what.what == op::lock || what.what == op::permit)
    return static_cast<void>(at(s).frames.emplace_back(&what.blocks[0], &what));
  if (what.what == op::get && record_of(what).detail.empty()) {  // it was promised one
    record_of(what).detail = {use_turn(what)};
  }
  complete(s, ending::value);
}

// ---- queues ----

void model_run::add_item(item_queue& q, int item) {
  q.items.push_back(item);
  promise_items(q);
}

void model_run::promise_items(item_queue& q) {
  while (q.promised < q.items.size() && !q.getters.empty()) {
    ++q.promised;
    wake(std::exchange(q.getters.front(), -1));
    q.getters.pop_front();
  }
}

void model_run::removed_one(item_queue& q) {
  while (!q.putters.empty() && (q.capacity == 0 || q.items.size() < q.capacity)) {
    const int next = q.putters.front();
    q.putters.pop_front();
    wake(next);
    add_item(q, current(next).number);
  }
}

}  // namespace random_programs
