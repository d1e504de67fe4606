#include "done_callbacks.hpp"

#include "distinct_number.hpp"
#include "future_core.hpp"
#include "runtime_core.hpp"

#include <exception>
#include <utility>

namespace silk::detail {

done_callbacks::~done_callbacks() {
  while (first_ != nullptr)
    static_cast<void>(take_first());  // one by one: a long list is no recursion
}

std::uint64_t done_callbacks::add(std::unique_ptr<entry> fresh,
                                  std::uint32_t runtime_serial) noexcept {
  if (last_id_ == 0) runtime_serial_ = runtime_serial;
  last_id_ = fresh->id_ = distinct_number<entry>();  // a token of another future means nothing
  ++size_;
  entry* const added = fresh.get();
  (first_ == nullptr ? first_ : last_->next_) = std::move(fresh);
  last_ = added;
  return last_id_;
}

std::unique_ptr<done_callbacks::entry> done_callbacks::take_first() noexcept {
  std::unique_ptr<entry> taken = std::move(first_);
  if (taken == nullptr) return taken;
  first_ = std::move(taken->next_);
  if (first_ == nullptr) last_ = nullptr;
  --size_;
  return taken;
}

std::unique_ptr<done_callbacks::entry> done_callbacks::remove(std::uint64_t id) noexcept {
  entry* before = nullptr;
  for (entry* at = first_.get(); at != nullptr; before = at, at = at->next_.get()) {
    if (at->id_ != id) continue;
    if (before == nullptr) return take_first();
    std::unique_ptr<entry> taken = std::move(before->next_);
    before->next_ = std::move(taken->next_);
    if (last_ == at) last_ = before;
    --size_;
    return taken;
  }
  return nullptr;
}

bool done_callbacks::begin() noexcept {
  return first_ != nullptr && !std::exchange(scheduled_, true);
}

void done_callbacks::schedule() noexcept {
  of_.add_ref();  // the job's
  if (!schedule_on_runtime(runtime_serial_, *this)) of_.release();
}

void done_callbacks::run_all(engine::job& self) noexcept {
  auto& here = static_cast<done_callbacks&>(self);
  future_core& of = here.of_;
  for (;;) {
    std::unique_ptr<entry> next;
    {
      sync::lock_guard hold(of.lock_);
      next = here.take_first();
      if (next == nullptr) here.scheduled_ = false;
    }
    if (next == nullptr) break;
    const call_scope in(next->context);
    std::exception_ptr error;
    try {
      next->call(of);
    } catch (...) {
      error = std::current_exception();
    }
    if (error != nullptr) callback_failed({.error = std::move(error)});
  }
  of.release();
}

}  // namespace silk::detail
