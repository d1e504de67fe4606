// blocking_pool: threads for calls that block, so that no worker has to.
//
// A thread starts when a job comes and no thread is free for it, up to max_threads; it leaves after
// keep_alive without work. Jobs start in order of arrival. Calls that block are dear anyway, so one
// mutex guards everything here, and `submit` may hold it while the system creates a thread.
//
// Life of a thread:
//
//   started --> serving <--------- called
//                  |                 ^
//      queue empty |                 | submit: one call for each job that needs a thread
//                  v                 | stop: all
//                idle ---------------´
//                  | keep_alive over, or stop
//                  v
//                left        joined by the next one to leave, the last one by stop
//
// BP1: while jobs wait, no thread is idle or at least as many as jobs are on their way (started or
//     called, and not serving yet). So no job is forgotten, and no call wakes a crowd.
// BP2: while a job waits, at least one thread has not left.
//
// The idle thread that went idle last is called first: its caches are warm, and those that are not
// needed any more reach the end of their keep_alive.
#pragma once

#include "job.hpp"
#include "sync.hpp"
#include "thread.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <string>

namespace silk::scheduler {

struct blocking_options {
  unsigned max_threads = 64;  // at least 1
  std::chrono::nanoseconds keep_alive = std::chrono::seconds(10);
  sync::thread (*start_thread)(const std::string&,
                               std::function<void()>) = &scheduler::start_thread;
};

enum class [[nodiscard]] submit_status : std::uint8_t { accepted, stopped };

// What the pool runs: a job that may leave the queue before its turn.
struct withdrawable_job : job {
  withdrawable_job* before = nullptr;  // of the pool that holds the job, as the next two
  withdrawable_job* after = nullptr;
  bool queued = false;
};

// A doubly linked queue: any of its jobs leaves in a few instructions.
class withdrawable_jobs {
 public:
  bool empty() const noexcept { return first_ == nullptr; }
  std::size_t size() const noexcept { return size_; }

  void push_back(withdrawable_job& item) noexcept {
    item.before = last_;
    item.after = nullptr;
    item.queued = true;
    (last_ ? last_->after : first_) = &item;
    last_ = &item;
    ++size_;
  }
  void remove(withdrawable_job& item) noexcept {
    (item.before ? item.before->after : first_) = item.after;
    (item.after ? item.after->before : last_) = item.before;
    item.queued = false;
    --size_;
  }
  withdrawable_job& pop_front() noexcept {
    withdrawable_job& item = *first_;
    remove(item);
    return item;
  }

 private:
  withdrawable_job* first_ = nullptr;
  withdrawable_job* last_ = nullptr;
  std::size_t size_ = 0;
};

class blocking_pool {
 public:
  // Starts no thread. Throws std::invalid_argument when max_threads is 0.
  explicit blocking_pool(blocking_options options = {});
  blocking_pool(const blocking_pool&) = delete;
  blocking_pool& operator=(const blocking_pool&) = delete;
  ~blocking_pool() { stop(); }

  // Queues the job; after stop it is left alone. When the system refuses a thread the job waits for
  // one of those that exist; when there is none, throws (std::system_error, std::bad_alloc) and the
  // job is not queued. [any]
  submit_status submit(withdrawable_job& item);

  // True: the job was waiting and will never run. False: it has been started, or was never queued. The
  // caller keeps it alive meanwhile. [any]
  bool withdraw(withdrawable_job& item) noexcept;

  // Takes no more jobs, runs those that wait, and returns when all threads have ended. May be
  // called again. [any but the pool's own threads]
  void stop() noexcept;

  struct counts {
    std::size_t threads;  // not left yet
    std::size_t idle;
    std::size_t waiting_jobs;
  };
  counts now() const noexcept;  // for tests and reports; out of date at once [any]

 private:
  using thread_list = std::list<sync::thread>;
  using lock = sync::unique_lock<sync::mutex>;

  // On the stack of an idle thread.
  struct idle_thread {
    sync::condition_variable wake;
    bool called = false;
    idle_thread* next = nullptr;
  };

  enum class [[nodiscard]] idle_end : std::uint8_t { called, timed_out };

  void call_one() noexcept;
  void start_one();
  void serve(thread_list::iterator self) noexcept;
  void run_jobs(lock& hold) noexcept;
  idle_end be_idle(lock& hold) noexcept;
  void leave(thread_list::iterator self, lock& hold) noexcept;
  bool is_own_thread() const noexcept;

  const blocking_options options_;
  sync::mutex stop_lock_;     // one stop at a time; taken before lock_
  mutable sync::mutex lock_;  // guards all below
  sync::condition_variable all_left_;
  withdrawable_jobs waiting_;
  thread_list threads_;
  sync::thread left_last_;       // not joined yet
  idle_thread* idle_ = nullptr;  // last in, first out
  std::size_t idle_count_ = 0;
  std::size_t on_their_way_ = 0;
  bool stopped_ = false;
};

}  // namespace silk::scheduler
