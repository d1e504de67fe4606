#include "program.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace random_programs {

namespace {

constexpr int most_statements = 40;
constexpr int deepest = 5;

constexpr std::array<const char*, ops> names = {
    "sleep",   "yield",          "fail",           "call",           "attempt",
    "gather",  "settle",         "spawn",          "detach",         "await",
    "shield",  "cancel",         "cancel_outside", "gather_handles", "wait",
    "timeout", "timeout_handle", "group",          "group_spawn",    "group_cancel",
    "select",  "select_any",     "lock",           "permit",         "put",
    "get",     "set_event",      "wait_event",     "to_thread",      "uncancel"};

class decoder {
 public:
  explicit decoder(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  program decode() {
    program whole;
    whole.body = make_block(0, false);
    resolve(whole.body);
    whole.statements = numbers_;
    whole.tasks = tasks_;
    return whole;
  }

 private:
  // Zero when there are no more bytes: then programs come to an end.
  unsigned below(unsigned n) {
    if (at_ == bytes_.size()) return 0;
    return bytes_[at_++] % n;
  }
  bool more() const { return at_ < bytes_.size() && numbers_ < most_statements; }

  // Mostly different from all others, so that few things happen at the same time.
  long some_time() {
    const unsigned coarse = 1 + below(48);
    return below(8) == 7 ? coarse * 4'000L : coarse * 1'000L + numbers_ * 7L;
  }

  block make_block(int depth, bool in_group) {
    block made;
    for (unsigned length = (depth == 0 ? 3 : 1) + below(4); length > 0 && more(); --length)
      made.push_back(make_statement(made.empty() ? op::yield : made.back().what, depth, in_group));
    return made;
  }

  // One of all, or one that has something to do with what is there already.
  op make_op(op before, bool in_group) {
    const unsigned drawn = below(2 * ops);
    // Who was woken just now may be cancelled before it runs.
    if (drawn >= ops && drawn % 4 == 0 && wakes_others(before)) return op::cancel;
    if (drawn < ops) return static_cast<op>(drawn);
    static constexpr std::array of_tasks = {op::await,  op::shield,         op::wait,
                                            op::cancel, op::gather_handles, op::timeout_handle};
    if (in_group && drawn % 2 == 0) return op::group_spawn;
    if (visible_.empty()) return drawn % 3 == 0 ? op::group : op::spawn;
    return of_tasks[drawn % of_tasks.size()];
  }

  statement make_statement(op before, int depth, bool in_group) {
    statement s;
    s.what = make_op(before, in_group);
    s.number = ++numbers_;
    if (depth >= deepest && least_blocks(s.what) != 0) s.what = op::sleep;
    const bool needs_group = s.what == op::group_spawn || s.what == op::group_cancel;
    if (needs_group && !in_group) s.what = s.what == op::group_spawn ? op::spawn : op::fail;
    if (needs_visible(s.what) && visible_.empty()) s.what = op::sleep;
    fill(s);
    unsigned blocks = least_blocks(s.what);
    if (blocks == 2 && s.what != op::attempt) blocks += below(2);
    for (; blocks > 0; --blocks)
      s.blocks.push_back(make_block(depth + 1, in_group_of(s.what, in_group)));
    if (s.what == op::spawn || s.what == op::group_spawn || s.what == op::detach) {
      s.target = tasks_++;
      if (s.what != op::detach) visible_.push_back(s.target);
    }
    return s;
  }

  static bool wakes_others(op what) {
    return what == op::permit || what == op::lock || what == op::put || what == op::get ||
           what == op::set_event;
  }

  // A task of its own outlives the group, unless it is the group's.
  static bool in_group_of(op what, bool outside) {
    if (what == op::group) return true;
    return outside && what != op::spawn && what != op::detach;
  }
  static bool needs_visible(op what) {
    return what == op::await || what == op::shield || what == op::gather_handles ||
           what == op::wait || what == op::timeout_handle;
  }
  static unsigned least_blocks(op what) {
    switch (what) {
      case op::gather:
      case op::settle:
      case op::select:
      case op::attempt:
        return 2;
      case op::call:
      case op::spawn:
      case op::detach:
      case op::timeout:
      case op::select_any:
      case op::group:
      case op::group_spawn:
      case op::lock:
      case op::permit:
        return 1;
      default:
        return 0;
    }
  }

  void fill(statement& s) {
    switch (s.what) {
      case op::sleep:
      case op::timeout:
        s.time = some_time();
        break;
      case op::timeout_handle:
        s.time = some_time();
        [[fallthrough]];
      case op::await:
      case op::shield:
        s.target = visible_[below(static_cast<unsigned>(visible_.size()))];
        if (s.what == op::timeout_handle) {
          s.parts.resize(1);
          s.parts[0].what = op::await;
          s.parts[0].target = s.target;
        }
        break;
      case op::wait:
        s.until = static_cast<wait_until>(below(3));
        if (below(2) == 1) s.time = some_time();
        [[fallthrough]];
      case op::gather_handles:
        for (unsigned n = 1 + below(3); n > 0; --n)
          s.targets.push_back(visible_[below(static_cast<unsigned>(visible_.size()))]);
        std::ranges::sort(s.targets);
        s.targets.erase(std::unique(s.targets.begin(), s.targets.end()), s.targets.end());
        break;
      case op::cancel:
      case op::cancel_outside:
        s.target = static_cast<int>(below(16));  // any task: see resolve()
        break;
      case op::attempt: {
        const unsigned flags = below(16);
        s.catches = {(flags & 1) == 0, (flags & 2) == 0, (flags & 4) != 0, (flags & 8) != 0};
        break;
      }
      case op::select_any:
        s.parts.resize(3);
        s.parts[0].what = op::get;
        s.parts[0].object = static_cast<int>(below(queues));
        s.parts[1].what = op::permit;
        s.parts[1].object = static_cast<int>(below(semaphores));
        s.parts[2].what = op::sleep;
        s.parts[2].time = some_time();
        break;
      case op::permit:
        s.object = static_cast<int>(below(semaphores));
        break;
      case op::put:
      case op::get:
        s.object = static_cast<int>(below(queues));
        break;
      default:
        break;
    }
  }

  // A cancel may be of any task, also of one that comes later, or that is around it.
  void resolve(block& in) {
    for (statement& s : in) {
      if (s.what == op::cancel || s.what == op::cancel_outside) {
        if (tasks_ == 0) s.what = op::yield;
        s.target = tasks_ == 0 ? -1 : s.target % tasks_;
      }
      for (block& inner : s.blocks) resolve(inner);
    }
  }

  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 0;
  int numbers_ = 0, tasks_ = 0;
  // What a statement may wait for: tasks spawned further up, and none around it. So nobody waits in a circle.
  std::vector<int> visible_;
};

std::string list(const std::vector<int>& of) {
  std::string text;
  for (const int each : of) text += " t" + std::to_string(each);
  return text;
}

std::string describe(const statement& s) {
  std::string text = name_of(s.what);
  if (s.time != 0) text += " " + std::to_string(s.time) + "us";
  if (s.target >= 0) text += " t" + std::to_string(s.target);
  text += list(s.targets);
  if (s.what == op::select_any)
    for (const statement& part : s.parts) text += ", " + describe(part);
  if (s.what == op::permit || s.what == op::put || s.what == op::get)
    text += " #" + std::to_string(s.object);
  if (s.what == op::wait) {
    static constexpr std::array<const char*, 3> until = {" first_completed", " first_exception",
                                                         " all_completed"};
    text += until[static_cast<std::size_t>(s.until)];
  }
  if (s.what == op::attempt) {
    if (s.catches.errors) text += " errors";
    if (s.catches.cancels) text += " cancels";
    if (s.catches.uncancels) text += " uncancels";
    if (s.catches.rethrows) text += " rethrows";
  }
  return text;
}

void print(const block& in, int depth, std::string& to) {
  for (const statement& s : in) {
    const std::string indent(static_cast<std::size_t>(2 * depth), ' ');
    to += indent + std::to_string(s.number) + " " + describe(s) + "\n";
    for (std::size_t i = 0; i < s.blocks.size(); ++i) {
      if (i > 0) to += indent + " and\n";
      print(s.blocks[i], depth + 1, to);
    }
  }
}

}  // namespace

const char* name_of(op what) { return names[static_cast<std::size_t>(what)]; }

program decode(std::span<const std::uint8_t> bytes) { return decoder(bytes).decode(); }

std::string to_text(const program& what) {
  std::string text;
  print(what.body, 0, text);
  return text;
}

}  // namespace random_programs
