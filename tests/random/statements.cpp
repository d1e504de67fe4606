// Each statement as a user would write it.
#include "scene.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <variant>

namespace random_programs {

namespace {

using std::chrono::microseconds;

struct place {
  scene& of;
  silk::task_group* group;
};

silk::task<int> run_block(place in, const block& code);

void must_be(bool holds) {
  if (!holds) throw std::logic_error("a statement gave something else than it should");
}

// What a block gives, so that results cannot be mixed up.
int value_of(const block& code) { return code.empty() ? 0 : code.back().number; }

std::vector<handle> handles_of(place in, const std::vector<int>& targets) {
  std::vector<handle> all;
  for (const int each : targets) all.push_back(in.of.task(each));
  return all;
}

silk::task<> attempt(place in, const statement& s) {
  std::exception_ptr caught;
  bool was_cancelled = false;
  try {
    co_await run_block(in, s.blocks[0]);
  } catch (const silk::cancelled&) {
    if (!s.catches.cancels) throw;
    caught = std::current_exception();
    was_cancelled = true;
  } catch (...) {
    if (!s.catches.errors) throw;
    caught = std::current_exception();
  }
  if (caught == nullptr) co_return;
  if (was_cancelled && s.catches.uncancels) co_await silk::this_task::uncancel();
  co_await run_block(in, s.blocks[1]);
  if (s.catches.rethrows) std::rethrow_exception(caught);
}

std::vector<silk::task<int>> tasks_of(place in, const statement& s) {
  std::vector<silk::task<int>> all;
  for (const block& each : s.blocks) all.push_back(run_block(in, each));
  return all;
}

silk::task<> gather(place in, const statement& s) {
  const std::vector<int> values = co_await silk::gather(tasks_of(in, s));
  for (std::size_t i = 0; i < values.size(); ++i) must_be(values[i] == value_of(s.blocks[i]));
}

silk::task<> settle(place in, const statement& s) {
  const auto ends = co_await silk::gather_settled(tasks_of(in, s));
  for (std::size_t i = 0; i < ends.size(); ++i) {
    if (ends[i].has_value()) must_be(ends[i].value() == value_of(s.blocks[i]));
    in.of.record_of(s).detail.push_back(static_cast<int>(outcome_of(ends[i].exception()).how));
  }
}

silk::task<> gather_handles(place in, const statement& s) {
  const auto all = handles_of(in, s.targets);
  co_await silk::gather(all);
}

silk::task<> wait(place in, const statement& s) {
  static constexpr std::array until = {silk::first_completed, silk::first_exception,
                                       silk::all_completed};
  const auto all = handles_of(in, s.targets);
  silk::wait_options options{.return_when = until[static_cast<std::size_t>(s.until)]};
  if (s.time != 0) options.timeout = microseconds(s.time);
  const auto sorted = co_await silk::wait(all, options);
  must_be(sorted.done.size() + sorted.pending.size() == all.size());
  for (std::size_t i = 0; i < all.size(); ++i)
    if (std::ranges::find(sorted.done, all[i]) != sorted.done.end())
      in.of.record_of(s).detail.push_back(s.targets[i]);
}

silk::task<> select(place in, const statement& s) {
  if (s.blocks.size() == 2) {
    const auto won = co_await silk::select(run_block(in, s.blocks[0]), run_block(in, s.blocks[1]));
    in.of.record_of(s).detail = {static_cast<int>(won.index())};
  } else {
    const auto won = co_await silk::select(run_block(in, s.blocks[0]), run_block(in, s.blocks[1]),
                                           run_block(in, s.blocks[2]));
    in.of.record_of(s).detail = {static_cast<int>(won.index())};
  }
}

silk::task<> select_any(place in, const statement& s) {
  silk::queue<int>& items = s.parts[0].object == 0 ? in.of.wide : in.of.narrow;
  silk::semaphore& permits = s.parts[1].object == 0 ? in.of.one : in.of.two;
  const auto won = co_await silk::select(run_block(in, s.blocks[0]), items.get(), permits.acquire(),
                                         silk::sleep(microseconds(s.parts[2].time)));
  std::vector<int> told = {static_cast<int>(won.index())};
  if (won.index() != 0) told.push_back(won.index() == 1 ? std::get<1>(won) : 0);
  if (won.index() == 2) permits.release();
  in.of.record_of(s).detail = told;
}

silk::task<> run_group(place in, const statement& s) {
  const auto body = [&in, &s](silk::task_group& group) -> silk::task<> {
    co_await run_block({in.of, &group}, s.blocks[0]);
  };
  co_await silk::with_task_group(body);
}

silk::task<> with_lock(place in, const statement& s) {
  const auto hold = co_await in.of.lock.scoped();
  co_await run_block(in, s.blocks[0]);
}

silk::task<> with_permit(place in, const statement& s) {
  const auto hold = co_await (s.object == 0 ? in.of.one : in.of.two).scoped();
  co_await run_block(in, s.blocks[0]);
}

silk::task<> get(place in, const statement& s) {
  const int item = co_await (s.object == 0 ? in.of.wide : in.of.narrow).get();
  in.of.record_of(s).detail = {item};
}

silk::task<> call_thread(int number) {
  const auto call = [number] { return number; };
  const int came = co_await silk::to_thread(call);
  must_be(came == number);
}

void cancel(place in, const statement& s) {
  auto& told = in.of.record_of(s).detail;
  told = {-1};
  const handle target = in.of.task(s.target);
  if (!target.valid()) return;
  if (s.what == op::cancel) {
    told = {target.cancel("by statement " + std::to_string(s.number)) ? 1 : 0};
  } else {
    told = {1};
    in.of.call_outside([target] { target.cancel("from outside"); });
  }
}

void spawn(place in, const statement& s) {
  const auto body = [in, &s](silk::task_group* group) {
    return run_block({in.of, group}, s.blocks[0]);
  };
  if (s.what == op::group_spawn) {
    in.of.keep(s, in.group->spawn(body(in.group)));
  } else {
    in.of.keep(s, silk::spawn(body(nullptr)));
  }
}

silk::task<> uncancel(place in, const statement& s) {
  const unsigned left = co_await silk::this_task::uncancel();
  in.of.record_of(s).detail = {static_cast<int>(left)};
}

// Those that suspend, or may.
silk::task<> wait_for(place in, const statement& s) {
  scene& of = in.of;
  switch (s.what) {
    case op::sleep:
      co_await silk::sleep(microseconds(s.time));
      break;
    case op::yield:
      co_await silk::yield();
      break;
    case op::await: {
      const handle target = of.task(s.target);
      co_await target;
      break;
    }
    case op::shield: {
      const handle target = of.task(s.target);
      co_await silk::shield(target);
      break;
    }
    case op::timeout:
      co_await silk::with_timeout(microseconds(s.time), run_block(in, s.blocks[0]));
      break;
    case op::timeout_handle: {
      const handle target = of.task(s.target);
      co_await silk::with_timeout(microseconds(s.time), target);
      break;
    }
    case op::put:
      co_await (s.object == 0 ? of.wide : of.narrow).put(s.number);
      break;
    default:
      co_await of.happened.wait();
  }
}

silk::task<> perform(place in, const statement& s) {
  switch (s.what) {
    case op::attempt:
      return attempt(in, s);
    case op::gather:
      return gather(in, s);
    case op::settle:
      return settle(in, s);
    case op::gather_handles:
      return gather_handles(in, s);
    case op::wait:
      return wait(in, s);
    case op::group:
      return run_group(in, s);
    case op::select:
      return select(in, s);
    case op::select_any:
      return select_any(in, s);
    case op::lock:
      return with_lock(in, s);
    case op::permit:
      return with_permit(in, s);
    case op::get:
      return get(in, s);
    case op::to_thread:
      return call_thread(s.number);
    case op::uncancel:
      return uncancel(in, s);
    default:
      return wait_for(in, s);
  }
}

// Those that never suspend. False: it is another one.
bool done_at_once(place in, const statement& s) {
  switch (s.what) {
    case op::fail:
      throw failure(s.number);
    case op::spawn:
    case op::detach:
    case op::group_spawn:
      spawn(in, s);
      return true;
    case op::cancel:
    case op::cancel_outside:
      cancel(in, s);
      return true;
    case op::group_cancel:
      in.group->cancel("by its own");
      return true;
    case op::set_event:
      in.of.happened.set();
      return true;
    default:
      return false;
  }
}

silk::task<> run_statement(place in, const statement& s) {
  record& told = in.of.record_of(s);
  told.begun = in.of.now();
  std::exception_ptr error;
  try {
    if (s.what == op::call) {
      co_await run_block(in, s.blocks[0]);
    } else if (!done_at_once(in, s)) {
      co_await perform(in, s);
    }
  } catch (...) {
    error = std::current_exception();
  }
  told.ended = in.of.now();
  told.end = outcome_of(error);
  if (error != nullptr) std::rethrow_exception(error);
}

silk::task<int> run_block(place in, const block& code) {
  for (const statement& each : code) co_await run_statement(in, each);
  co_return value_of(code);
}

}  // namespace

silk::task<> run_all(scene& of) {
  of.began = silk::now();
  of.keep_program(silk::spawn(run_block({of, nullptr}, of.code.body)));
  co_await silk::sleep(microseconds(patience));
  for (int idle = 0, next = 0, all = of.code.tasks + 1; idle < all; next = (next + 1) % all) {
    const handle left = of.any_task(next);
    ++idle;
    if (!left.valid() || left.done()) continue;
    idle = 0;
    left.cancel("by the harness");
    co_await silk::sleep(microseconds(between));
  }
  for (int i = 0; i < of.code.tasks + 1; ++i) {
    const handle ended = of.any_task(i);
    if (i == 0 || of.task(i - 1).valid())
      of.seen.tasks[static_cast<std::size_t>(i)] = outcome_of(ended);
  }
  of.let_go_of_detached();
}

}  // namespace random_programs
