// Accounts of what becomes of each request to cancel: it is thrown once, in a place that takes it back, or the task
// ends cancelled; and each scope ends as the tables of docs/cancellation.md say. If several may be outstanding they
// are thrown together, and only some of them may be taken back.
#pragma once

#include "../stress/tasks.hpp"

#include <silk/silk.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace silk_stress::accounting {

using handle = silk::join_handle<>;

struct account {
  std::optional<handle> subject;
  unsigned most = 1;  // that may be outstanding
  unsigned accepted = 0;
  unsigned seen = 0;
  unsigned taken_back = 0;
  silk::semaphore permits{3};  // as deep as operations are nested
  silk::queue<int> items;

  unsigned outstanding() const { return accepted - seen; }
  unsigned remaining() const { return accepted - taken_back; }
  bool due() const { return outstanding() != 0; }
  void cancel() {
    if (outstanding() < most && subject && subject->cancel()) ++accepted;
  }
};

// After it was thrown.
inline silk::task<> take_back(life, dice random, account& on) {
  on.seen = on.accepted;
  unsigned some = on.remaining();
  if (on.most > 1 && random.one_in(2)) some = random.below(some + 1);
  for (; some > 0; --some) {
    ++on.taken_back;
    const unsigned left = co_await silk::this_task::uncancel();
    expect(left >= on.remaining());
  }
}

inline silk::duration brief(dice& random) { return microseconds(10 * (1 + random.below(5))); }

inline silk::task<> operation(life, dice random, account& on, unsigned depth);

// ---- who is waited for ----

inline silk::task<> makes_noise_once(life, dice random, account& on) {
  switch (random.below(6)) {
    case 0:
      co_await silk::sleep(brief(random));
      break;
    case 1:
      co_await silk::yield();
      break;
    case 2:
      co_await silk::with_timeout(brief(random), silk::sleep(brief(random)));
      break;
    case 3:
      on.cancel();
      break;
    case 4:
      throw failure_by_design();
    default:
      co_await silk::gather(nap(random.another()), silk::sleep(brief(random)));
      break;
  }
}

// Answers as it likes.
inline silk::task<> noise(life, dice random, account& on) {
  for (unsigned i = random.below(4); i > 0; --i) {
    bool stopped = false;
    try {
      co_await makes_noise_once(life(), random.another(), on);
    } catch (const silk::timeout_error&) {
    } catch (const silk::cancelled&) {
      if (random.one_in(2)) throw;
      stopped = true;
    }
    if (!stopped) continue;
    co_await silk::this_task::uncancel();
    if (random.one_in(3)) throw failure_by_design();
  }
}

// Never fails, never swallows a cancel.
inline silk::task<> helps(life, dice random) {
  for (unsigned i = random.below(3); i > 0; --i) {
    if (random.one_in(2)) co_await silk::sleep(brief(random));
    co_await nap(random.another());
  }
}
inline handle helper(dice& random) { return silk::spawn(helps(life(), random.another())); }

// ---- operations without others inside ----

// What was asked before it ended is thrown by it.
inline silk::task<> waits(life, dice random, account& on) {
  const auto loud = [&] { return noise(life(), random.another(), on); };
  const auto quiet = [&] { return helper(random); };
  switch (random.below(9)) {
    case 0:
      co_await silk::sleep(brief(random));
      break;
    case 1:
      co_await silk::to_thread([] {});
      break;
    case 2:
      co_await silk::gather(loud(), loud());
      break;
    case 3:
      co_await silk::gather(loud(), quiet(), silk::sleep(brief(random)));
      break;
    case 4:
      static_cast<void>(co_await silk::gather_settled(loud(), quiet(), loud()));
      break;
    case 5:
      static_cast<void>(
          co_await silk::select(loud(), quiet(), on.items.get(), silk::sleep(brief(random))));
      break;
    case 6:
      co_await silk::gather(quiet(), quiet());
      break;
    case 7:
      co_await silk::gather(loud(), silk::with_timeout(brief(random), quiet()));
      break;
    default:
      co_await silk::yield();
      break;
  }
}

// What it waits for may be there, and then nothing is thrown.
inline silk::task<> may_wait(life, dice random) {
  const std::vector<handle> both{helper(random), helper(random)};
  switch (random.below(4)) {
    case 0:
      co_await both[0];
      break;
    case 1:
      co_await silk::shield(both[0]);
      break;
    case 2:
      static_cast<void>(co_await silk::wait(both, {.timeout = microseconds(10 * random.below(4))}));
      break;
    default: {
      auto all = silk::as_completed(both, {.timeout = brief(random)});
      for (;;) {
        const auto done = co_await all.next();
        if (!done) break;
      }
    }
  }
}

// ---- scopes ----

enum class ended : std::uint8_t { not_begun, value, error, stopped };

struct notes_of_scope {
  explicit notes_of_scope(const account& on)
      : remained(on.seen - on.taken_back), several(on.outstanding() > 1) {}
  ended body = ended::not_begun;
  unsigned remained;  // of those seen before
  bool several;       // were pending: they count as one

  // t3, t5; g3, g5
  void must_stop(const account& on, ended how) const {
    if (!several && on.remaining() > remained) expect(how == ended::stopped);
  }
};

struct end_of_scope {
  ended how = ended::value;
  bool timed_out = false;  // by the scope itself
  std::exception_ptr error;
};

// Runs the body of a scope and notes how it ends.
inline silk::task<> noting(life, dice random, account& on, unsigned depth, notes_of_scope& notes) {
  notes.several = notes.several || on.outstanding() > 1;
  notes.body = ended::error;
  try {
    co_await operation(life(), random.another(), on, depth);
    notes.body = ended::value;
  } catch (const silk::cancelled&) {
    notes.body = ended::stopped;
    throw;
  }
}

inline end_of_scope thrown_by_scope(ended body) {
  end_of_scope end{ended::error, false, std::current_exception()};
  try {
    throw;
  } catch (const silk::cancelled&) {
    end.how = ended::stopped;
  } catch (const silk::timeout_error&) {
    end.timed_out = body != ended::error;
  } catch (...) {  // how the body, or a child, has ended
  }
  return end;
}

inline void check_timeout(const account& on, const notes_of_scope& notes, const end_of_scope& end) {
  expect(notes.body != ended::not_begun);
  if (notes.body == ended::error) {
    expect(end.how == ended::error && !end.timed_out);  // t2
  } else if (on.due()) {
    notes.must_stop(on, end.how);
  } else if (notes.body == ended::value) {
    // t4; or t3, when the time of a scope around us was up
    expect(end.how == ended::value || end.how == ended::stopped);
  } else {
    expect(end.timed_out || end.how == ended::stopped);  // t6; or as above
  }
}

inline silk::task<> limited(life, dice random, account& on, unsigned depth) {
  notes_of_scope notes(on);
  end_of_scope end;
  const silk::time_point start = silk::now();
  const silk::duration time = brief(random);
  try {
    co_await silk::with_timeout(time, noting(life(), random.another(), on, depth, notes));
  } catch (...) {
    end = thrown_by_scope(notes.body);
  }
  check_timeout(on, notes, end);
  expect(!end.timed_out || silk::now() - start >= time);
  if (end.error) std::rethrow_exception(end.error);
}

inline silk::task<> scoped(life, dice random, account& on, unsigned depth) {
  const auto limit = std::make_shared<silk::timeout_scope>(brief(random));
  notes_of_scope notes(on);
  end_of_scope end;
  if (random.one_in(2)) {
    silk::runtime::current().call_after(brief(random), [limit, mine = random.another()]() mutable {
      if (limit->state() != silk::timeout_state::active) return;
      limit->reschedule(silk::now() + brief(mine) - 30us);
    });
  }
  try {
    co_await limit->run(noting(life(), random.another(), on, depth, notes));
  } catch (...) {
    end = thrown_by_scope(notes.body);
  }
  check_timeout(on, notes, end);
  expect(!end.timed_out || limit->expired());
  if (end.error) std::rethrow_exception(end.error);
}

struct notes_of_group : notes_of_scope {
  using notes_of_scope::notes_of_scope;
  bool child_failed = false;
  bool stopped = false;  // by a child
};

inline silk::task<> child_of_group(life, dice random, account& on, notes_of_group& notes) {
  try {
    co_await noise(life(), random, on);
  } catch (const failure_by_design&) {
    notes.child_failed = true;
    throw;
  }
}

inline silk::task<> stops_group(life, dice random, silk::task_group& group, notes_of_group& notes) {
  co_await nap(random);
  notes.stopped = true;
  group.cancel("a child");
}

inline void check_group(const account& on, const notes_of_group& notes, const end_of_scope& end) {
  expect(notes.body != ended::not_begun);
  if (notes.body == ended::error || notes.child_failed) {
    expect(end.how == ended::error);  // g2
  } else if (on.due()) {
    notes.must_stop(on, end.how);
  } else if (notes.body == ended::value) {
    expect(end.how == ended::value || end.how == ended::stopped);  // g4, g3
  } else if (end.how == ended::value) {
    expect(notes.stopped);  // g6
  }
}

inline silk::task<> grouped(life, dice random, account& on, unsigned depth) {
  notes_of_group notes(on);
  end_of_scope end;
  const auto work = [&](silk::task_group& group) -> silk::task<> {
    for (unsigned i = random.below(3); i > 0; --i)
      group.spawn(child_of_group(life(), random.another(), on, notes));
    if (random.one_in(4)) group.spawn(stops_group(life(), random.another(), group, notes));
    return noting(life(), random.another(), on, depth, notes);
  };
  try {
    co_await silk::with_task_group(work);
  } catch (...) {
    end = thrown_by_scope(notes.body);
  }
  check_group(on, notes, end);
  if (end.how == ended::error && on.due())  // a failure takes the place of a cancel
    co_await take_back(life(), random.another(), on);
  if (end.error) std::rethrow_exception(end.error);
}

// ---- operations with others inside ----

inline silk::generator<int> gives(life, dice random, account& on, unsigned depth) {
  co_await operation(life(), random.another(), on, depth);
  co_yield 1;
  co_await operation(life(), random.another(), on, depth);
}

inline silk::task<> takes_what_is_given(life, dice random, account& on, unsigned depth) {
  auto from = gives(life(), random.another(), on, depth);
  for (;;) {
    const auto item = co_await from.next();
    if (!item) break;
  }
}

inline silk::task<> swallows(life, dice random, account& on, unsigned depth) {
  bool stopped = false;
  try {
    co_await operation(life(), random.another(), on, depth);
  } catch (const silk::cancelled&) {
    if (!on.due()) throw;
    stopped = true;
  }
  if (!stopped) co_return;
  co_await take_back(life(), random.another(), on);
  if (random.one_in(2)) co_await nap(random.another());
}

inline silk::task<> around_another(life, dice random, account& on, unsigned depth) {
  switch (random.below(6)) {
    case 0:
    case 1:
      co_await grouped(life(), random.another(), on, depth);
      break;
    case 2:
      co_await takes_what_is_given(life(), random.another(), on, depth);
      break;
    case 3: {
      const auto held = co_await on.permits.scoped();
      co_await operation(life(), random.another(), on, depth);
      break;
    }
    case 4:
      co_await operation(life(), random.another(), on, depth);
      co_await operation(life(), random.another(), on, depth);
      break;
    default:
      co_await swallows(life(), random.another(), on, depth);
      break;
  }
}

inline silk::task<> operation(life, dice random, account& on, unsigned depth) {
  const unsigned kind = random.below(depth == 0 ? 14 : 24);
  if (kind < 3) {
    co_await may_wait(life(), random.another());
  } else if (kind < 14) {
    co_await waits(life(), random.another(), on);
    expect(!on.due());
  } else if (kind < 16) {
    co_await limited(life(), random.another(), on, depth - 1);
    expect(!on.due());
  } else if (kind < 18) {
    co_await scoped(life(), random.another(), on, depth - 1);
    expect(!on.due());
  } else {
    co_await around_another(life(), random.another(), on, depth - 1);
  }
}

// The subject of an account.
inline silk::task<> accountable(life, dice random, account& on) {
  for (unsigned rounds = 1 + random.below(3); rounds > 0; --rounds) {
    bool stopped = false;
    try {
      co_await operation(life(), random.another(), on, 3);
    } catch (const silk::cancelled&) {
      stopped = true;
    } catch (const failure_by_design&) {
    } catch (const silk::timeout_error&) {
    } catch (const silk::exception_group&) {
    }
    if (!stopped) continue;
    expect(on.due() || on.remaining() > 0);
    co_await take_back(life(), random.another(), on);
    const unsigned left = co_await silk::this_task::cancelling();
    expect(left == on.remaining());
  }
}

}  // namespace silk_stress::accounting
