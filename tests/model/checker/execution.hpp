// execution: one run of a test's body under the checker.
//
// Virtual threads are fibers on the caller's OS thread. Each runs on until its next visible step (an
// access to an atomic object, a lock, a fence, a sleep) and then waits for its turn; a strategy gives
// the turns. What lies between two visible steps of a thread touches only memory that is its own, or a
// data race is reported, so it does not matter when it runs.
//
// The thread of the body is number 0.
#pragma once

#include "arena.hpp"
#include "clock.hpp"
#include "fibers.hpp"
#include "memory.hpp"
#include "operation.hpp"
#include "shadow.hpp"
#include "strategy.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

namespace silk::model {

enum class fence_policy : std::uint8_t { asymmetric, full };
// A heavy fence reaches the other threads one after the other, or all in one step, which is cheaper to
// explore and true where nobody can tell.
enum class barrier_steps : std::uint8_t { each, one };

// How one execution goes, whatever the strategy.
struct rules {
  std::size_t steps = 20'000;  // more is taken for a livelock
  unsigned spurious = 0;       // wakes and failures of weak compare-exchanges for no reason
  fence_policy fences = fence_policy::asymmetric;
  barrier_steps barriers = barrier_steps::each;
  bool merges_values = true;  // memory::reset
  // False: what is given up is brought to its end, since it may have changed global variables that the next
  // execution uses.
  bool gives_up = true;
  bool is_warm_up = false;  // what it allocates stays: static variables of functions are made
};

enum class ending : std::uint8_t { complete, given_up, failed };

struct atomic_object {
  const void* address;
  std::size_t size;
};

// Part of a mutex or spinlock.
struct lock_state {
  std::uint32_t stamp = 0;  // of the execution that this is about
  bool held = false;
  thread_id changer = 0;  // who locked or unlocked it last, and when
  moment changed = 0;
  knowledge released;
  vector_clock causes;
};

class execution : public chooser {
 public:
  static execution& the();
  // The caller is a virtual thread, and not inside the checker. [any]
  static bool in_thread() noexcept { return in_thread_; }

  ending run(strategy& decides, const rules& limits, const std::function<void()>& body);

  // ---- results of the last run ----
  const std::string& failure() const noexcept { return failure_; }
  // The choices that were not the ordinary ones.
  std::string schedule() const;
  std::size_t steps() const noexcept { return steps_; }

  // Records each step from now on; and plain accesses to `watched`, unless that is null.
  void set_tracing(bool on, const void* watched) noexcept;
  const std::string& trace() const noexcept { return trace_; }
  const void* fault_address() const noexcept { return fault_address_; }

  // ---- for strategies ----
  const operation& pending(thread_id thread) const noexcept { return threads_[thread].pending; }
  bool is_live(thread_id thread) const noexcept {
    return thread < thread_count_ && threads_[thread].life == stage::live;
  }
  std::size_t thread_count() const noexcept { return thread_count_; }
  const memory_view& view(thread_id thread) const noexcept { return threads_[thread].view; }
  // The number that the next store to the object gets.
  std::uint32_t stores_of(const void* object);
  // For a thread that is about to read: the first of its choices if it may not read stores with a number
  // below `only_from`; no_choice if there is none.
  unsigned first_choice(thread_id thread, std::uint32_t only_from);

  // ---- steps of the calling thread ----
  std::uint64_t load(atomic_object from, std::memory_order order, std::source_location where);
  void store(atomic_object to, std::uint64_t value, std::memory_order order,
             std::source_location where);
  std::uint64_t update(atomic_object at, update_kind kind, std::uint64_t operand,
                       std::memory_order order, std::source_location where);
  bool compare_exchange(atomic_object at, std::uint64_t& expected, memory::comparison with,
                        std::source_location where);
  void fence(std::memory_order order, std::source_location where);
  void light_fence(std::source_location where);
  void heavy_fence(std::source_location where);
  bool fences_are_asymmetric() const noexcept { return rules_.fences == fence_policy::asymmetric; }

  void lock(lock_state& at, std::source_location where);
  bool try_lock(lock_state& at, std::source_location where);
  void unlock(lock_state& at, std::source_location where);

  static constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();
  // As futex(2). False: the deadline has come.
  bool sleep_while(atomic_object word, std::uint64_t expected, std::uint64_t deadline,
                   std::source_location where);
  // Sleeps on `object`, having given up `held`, which it holds again when it returns.
  bool sleep_on(const void* object, lock_state& held, std::uint64_t deadline,
                std::source_location where);
  void wake(const void* object, int count, std::source_location where);

  // Takes `body`, which the calling thread has made with new.
  thread_id spawn(const std::function<void()>* body);
  void join(thread_mask threads, std::source_location where);
  void yield(std::source_location where);
  // All others run on until they wait.
  void settle(std::source_location where);

  // ---- what is no step ----
  thread_id current() const noexcept { return current_; }
  // True: from now on every choice is the ordinary one, and no other one is tried.
  void set_undisturbed(bool on) noexcept { undisturbed_ = on; }
  std::uint64_t now() const noexcept { return now_; }  // ns; moves when a deadline has come
  [[noreturn]] void broken(const char* contract, const char* file, unsigned line);
  [[noreturn]] void fail(std::string message, const void* address = nullptr);
  void plain_access(const void* address, std::size_t size, bool writes, const void* code);
  void* allocate(std::size_t size, std::size_t alignment);
  void release(void* block, const void* code);
  void renew(const void* block, std::size_t size) { shadow_.renew(block, size); }  // malloc gave it
  void* map(std::size_t size);
  static bool owns(const void* memory) noexcept { return arena::owns(memory); }
  // Of objects outside the checker, such as reference counts of the standard library.
  void foreign_atomic(const void* address);
  void name(const void* object, std::string text);

 private:
  enum class stage : std::uint8_t { unused, starting, live, done };
  struct spin_read {
    const location* from;
    std::uint64_t position;
    std::uint64_t value;
    bool operator==(const spin_read&) const = default;
  };
  struct spinning {
    std::vector<spin_read> reads;   // since the last yield
    std::vector<spin_read> before;  // between the last two
    std::source_location where{};
    bool wrote = false;
    unsigned repeated = 0;  // rounds that saw the same
  };
  struct virtual_thread {
    memory_view view;
    operation pending;
    stage life = stage::unused;
    bool asleep = false;
    bool patient = false;  // a spinning thread that nobody will show anything new
    thread_id spawned_by = 0;
    thread_mask seen_running = 0;  // others, since it last yielded
    thread_mask gives_way_to = 0;  // until they have made a step
    thread_mask joins = 0;
    const void* sleeps_on = nullptr;
    std::uint64_t deadline = never;
    lock_state* wants = nullptr;
    spinning spin;
    const std::function<void()>* body = nullptr;
  };
  // A step: the thread is in the checker from its first to its last line.
  struct inside {
    inside() noexcept { in_thread_ = false; }
    ~inside() { in_thread_ = true; }
    inside(const inside&) = delete;
    inside& operator=(const inside&) = delete;
  };

  execution();
  ~execution() = default;

  unsigned choose(unsigned count, std::uint64_t allowed) override;
  void record(unsigned chosen);

  virtual_thread& me() noexcept { return threads_[current_]; }
  memory::actor actor() noexcept { return {current_, me().view, strategy_->only_from(current_)}; }
  location& find(const atomic_object& object);
  void reach(thread_mask others, std::source_location where);
  void begin(const operation& next);
  void end();
  void reset();
  void start(const std::function<void()>& body);
  void prepare(thread_id id, const std::function<void()>& body);
  static void run_thread(std::size_t thread) noexcept;
  void finish_thread();
  void run_next(thread_id previous, bool free_to_leave);
  bool is_enabled(const virtual_thread& thread) const noexcept;
  thread_mask enabled_threads() noexcept;
  thread_mask fair(thread_mask enabled) const noexcept;
  void note_turn(thread_id of) noexcept;
  [[noreturn]] void stuck();
  [[noreturn]] void leave(ending how);
  void give_up();
  void check_leaks();
  void check(const shadow::verdict& found, const void* address, const char* what,
             const void* code) {
    if (found.fault != access_fault::none) [[unlikely]]
      report_access(found, address, what, code);
  }
  [[noreturn]] void report_access(const shadow::verdict& found, const void* address,
                                  const char* what, const void* code);
  void note_read(const location& from, const memory::reading& read);
  bool sees_nothing_new(const spinning& spin) const noexcept;
  void at_unlock(lock_state& held);
  knowledge& meeting_point(const void* object);
  lock_state& fresh(lock_state& at);
  void acquire(lock_state& at);
  void change(lock_state& at, bool held);
  bool sleep(const void* object, std::uint64_t deadline, std::source_location where);
  void trace_step(const operation& step, const std::string& details);
  std::string name_of(const void* object) const;
  std::string describe(thread_id thread) const;

  static inline bool in_thread_ = false;

  arena& arena_;
  shadow& shadow_;
  fibers fibers_;
  memory memory_;
  strategy* strategy_ = nullptr;
  rules rules_;
  ending ending_ = ending::complete;
  std::array<virtual_thread, max_threads> threads_;
  std::size_t thread_count_ = 0;
  thread_id current_ = 0;
  std::size_t steps_ = 0;
  unsigned spurious_left_ = 0;
  std::uint64_t now_ = 0;
  bool undisturbed_ = false;
  std::uint32_t stamp_ = 0;
  std::uint32_t ordinary_ = 0;  // choices since the last one that was not
  std::vector<std::pair<std::uint32_t, unsigned>> choices_;
  std::string failure_;
  const void* fault_address_ = nullptr;
  bool tracing_ = false;
  const void* watched_ = nullptr;
  std::string trace_;
  std::vector<std::pair<const void*, std::string>> names_;
  std::vector<std::pair<const void*, knowledge>> foreign_;
};

}  // namespace silk::model
