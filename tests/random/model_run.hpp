// One run of the model. See model.hpp.
//
// A strand runs until it waits; in between it can be left after each statement. A wait that is over makes its
// strand ready; until that goes on, a cancel still wins.
#pragma once

#include "machine.hpp"
#include "model.hpp"

#include <vector>

namespace random_programs {

class model_run {
 public:
  model_run(const program& what, freedom allowed, const result& expected, decider& by);
  model_end run();

 private:
  struct action {
    enum kind_t { step, pause, tell, fire, notice, call, outside, harness, pass_time } kind;
    int index;
  };

  // model.cpp: what comes next
  std::vector<action> possible() const;
  bool goes_on_alone() const;
  bool may_pause(int s) const;
  void compare(const record& told);
  void compare_all();
  void perform(action what);
  bool all_ended() const;
  long next_time() const;
  void harness_turn();

  // model.cpp: strands and their frames
  int make_strand(const block* code);
  void step(int s);
  void begin(int s, const statement& what);
  void complete(int s, outcome end);  // of the statement that is under way
  void leave_frame(int s);
  void end_strand(int s, outcome end);
  void end_task(int s);
  const statement& current(int s) const;
  record& record_of(const statement& what) { return seen_.statements[as_index(what.number)]; }
  static std::size_t as_index(int i) { return static_cast<std::size_t>(i); }
  strand& at(int s) { return strands_[as_index(s)]; }
  const strand& at(int s) const { return strands_[as_index(s)]; }

  // model_waits.cpp: waits and cancels
  bool enter_wait(int s, waits kind);  // false: a cancel was pending, and is thrown
  void link_ancestors(int s);
  void bring_pending_down(int s);
  void wake(int s);
  void resume(int s);
  bool cancel(int s);
  void pass_cancel_on(int s);  // to the inside of a scope, which does not count it
  void receive(int s, bool from_above);
  void give_back_cancel(int s);
  void cancel_wait(int s);
  void interrupt(int s);
  void tell(tells those);
  void tell_targets(int s);  // of the handles it waits for
  void tell_next(int index);
  bool is_told(int join,
               int waiter) const;  // somebody is about to tell its children, or its targets
  int uncancel(int s);             // how many requests remain
  bool is_scope(int s) const;
  int scope_above(int s) const;  // the strand of the same task, or -1
  int all_requests(int s) const;
  void begin_handle(int s, int task);
  void begin_handles(int s, const statement& what);
  bool is_over(int s) const;
  void look_at_handles(int s);
  outcome end_of_handles(int s, const statement& what, bool due);

  // model_joins.cpp: children
  void begin_join(int s, const statement& what);
  void spawn(int s, const statement& what);
  void keep_handle(int s);
  void add_child(int j, const block* code);
  void child_ended(int s);
  void cancel_children(int j);
  void tell_siblings(int j, int but);
  void cancel_join(int j);
  void finish_join(int j);
  void abort_group(int j, bool also_body);
  void member_ended(int s);
  int group_around(int s) const;
  outcome end_of_join(int s, bool due);
  outcome end_of_scope(int s, const join& j, bool due);

  // model_turns.cpp: locks, queues, the event
  void begin_turn(int s, const statement& what);
  bool take_now(const statement& what);
  void begin_part(int s, const statement& what);
  int use_turn(const statement& part);
  void stand_in_line(int s, const statement& what);
  void leave_line(int s, const statement& what);
  bool give_back(const statement& what);  // false: too late
  void release(line& of);
  line& line_of(const statement& what);
  void after_turn(int s, const statement& what);
  void add_item(item_queue& q, int item);
  void removed_one(item_queue& q);
  void promise_items(item_queue& q);

  const program& program_;
  freedom allowed_;
  const result& expected_;
  bool differs_ = false;
  decider& by_;
  result seen_;
  std::vector<strand> strands_;
  std::vector<join> joins_;
  std::vector<int> task_strand_;  // by task
  std::vector<bool> handle_known_;
  std::vector<timer> timers_;
  std::vector<tells> tells_;
  std::vector<int> notices_;  // members that have ended
  std::vector<int> calls_;    // strands that wait for a thread
  std::vector<int> outside_;  // tasks that a thread is to cancel
  std::vector<int> path_;     // tasks that the cancel under way has come through
  line mutex_, permits_[semaphores], event_;
  item_queue queues_[queues];
  std::vector<int> ready_;
  int last_ = -1;  // the strand that ran last
  long now_ = 0, harness_at_ = patience;
  int harness_next_ = 0;
};

}  // namespace random_programs
