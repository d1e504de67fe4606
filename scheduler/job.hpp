// job: what the engine runs. An intrusive node with one function pointer.
//
// The engine neither allocates nor frees jobs and knows nothing of what they do. Whoever made the
// job runnable hands it over; from then on exactly one queue holds it (`next` belongs to that queue)
// until exactly one worker takes it and calls `run`. After that call the engine does not touch the
// job again: it may be gone.
#pragma once

#include <cstddef>

namespace silk::scheduler {

struct job {
  using entry = void (*)(job&) noexcept;

  job() noexcept : run(nullptr), next(nullptr) {}
  // For jobs that are made often: `run` is set before somebody may see it.
  enum class set_later : bool { run };
  explicit job(set_later) noexcept {}  // and `next` when it is queued

  entry run;
  job* next;  // of the queue that holds the job
};

// A singly linked run of jobs in order; ends with next == nullptr.
class job_list {
 public:
  bool empty() const noexcept { return first_ == nullptr; }
  std::size_t size() const noexcept { return size_; }
  job* first() const noexcept { return first_; }
  job* last() const noexcept { return last_; }

  void push_back(job& item) noexcept {
    item.next = nullptr;
    (last_ ? last_->next : first_) = &item;
    last_ = &item;
    ++size_;
  }

  job& pop_front() noexcept {
    job& item = *first_;
    first_ = item.next;
    if (first_ == nullptr) last_ = nullptr;
    --size_;
    return item;
  }

  // Moves the first min(count, size()) jobs out, in order.
  job_list take_front(std::size_t count) noexcept {
    job_list taken;
    while (taken.size() < count && !empty()) taken.push_back(pop_front());
    return taken;
  }

  void append(job_list tail) noexcept {
    if (tail.empty()) return;
    (last_ ? last_->next : first_) = tail.first_;
    last_ = tail.last_;
    size_ += tail.size_;
  }

 private:
  job* first_ = nullptr;
  job* last_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace silk::scheduler
