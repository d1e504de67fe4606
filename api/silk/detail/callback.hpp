// callback: a plain function that a runtime calls once, soon or at a time.
//
//   waiting --worker takes it--> running --> done
//      `-------cancel---------> cancelling --timer taken back--> cancelled
//
// Two owners: the runtime until it has called or dropped it, and the handle. The function is destroyed
// as soon as it has been called or cancelled.
//
// A handle may be cancelled by any thread while the runtime ends. The runtime is there as long as we
// are cancelling: either we take our job out of its wheel, or it has to run our job before it can go,
// and our job waits for `cancelled`.
#pragma once

#include "../time.hpp"
#include "bindings.hpp"
#include "engine.hpp"
#include "future_core.hpp"

#include <concepts>
#include <cstdint>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>

namespace silk::detail {

class runtime_core;

class callback : public engine::job {
 public:
  callback(const callback&) = delete;
  callback& operator=(const callback&) = delete;

  void add_ref() noexcept {
    references_.fetch_add(1, sync::memory_order_relaxed);  // relaxed: the caller holds one already
  }
  void release() noexcept {
    // E:callback-end in/out: everybody's use happens before the end
    if (references_.fetch_sub(1, sync::memory_order_acq_rel) == 1) delete this;
  }

  // [any, while the runtime is kept open]
  void start(runtime_core& runtime, std::uint64_t deadline);
  void run_in(bindings_ptr context) noexcept { context_ = std::move(context); }  // [before start]
  bool cancel() noexcept;                                                        // [any]
  bool is_cancelled() const noexcept {
    const stage now = stage_.load(sync::memory_order_acquire);  // E:callback-claim in
    return now == stage::cancelling || now == stage::cancelled;
  }
  time_point when() const noexcept { return when_; }
  const std::source_location& posted_at() const noexcept { return posted_at_; }
  virtual std::string_view name() const noexcept { return {}; }
  std::string description() const;
  // The callback that a job calls, nullptr if the job does something else. [the job's worker]
  static const callback* called_by(engine::job& item) noexcept {
    return item.run == run_callback ? &static_cast<callback&>(item) : nullptr;
  }

 protected:
  explicit callback(std::source_location where) noexcept : posted_at_(where) { run = run_callback; }
  virtual ~callback() = default;
  virtual void call() = 0;
  virtual void drop_function() noexcept = 0;

 private:
  enum class stage : std::uint8_t { waiting, running, cancelling, cancelled };

  static void run_callback(engine::job& self) noexcept;
  bool claim(stage to) noexcept {
    stage from = stage::waiting;
    // E:callback-claim in/out: call and cancel exclude each other
    return stage_.compare_exchange_strong(from, to, sync::memory_order_acq_rel);
  }

  sync::atomic<std::uint32_t> references_{1};  // start adds the runtime's
  sync::atomic<stage> stage_{stage::waiting};
  time_point when_;
  std::source_location posted_at_;
  bindings_ptr context_;
  bool timed_ = false;
  runtime_core* runtime_ = nullptr;  // used by our job, and while cancelling
  engine::timer_node timer_;
};

template <class F>
class callback_of : public callback {
 public:
  template <class Function>
  callback_of(Function&& f, std::source_location where)
      : callback(where), function_(std::forward<Function>(f)) {}

 private:
  void call() override {
    SILK_ASSERT(function_.has_value(), "a callback is called once; report this");
    (*function_)();
  }
  void drop_function() noexcept override { function_.reset(); }
  std::optional<F> function_;
};

template <class F>
class named_callback_of final : public callback_of<F> {
 public:
  template <class Function>
  named_callback_of(std::string_view name, Function&& f, std::source_location where)
      : callback_of<F>(std::forward<Function>(f), where), name_(name) {}
  std::string_view name() const noexcept override { return name_; }

 private:
  const std::string name_;
};

template <class F>
core_ptr<callback> make_callback(std::string_view name, F&& function, std::source_location where,
                                 bindings_ptr context) {
  using held = std::decay_t<F>;
  core_ptr<callback> made;
  if (name.empty()) {
    made = {new callback_of<held>(std::forward<F>(function), where), {}};
  } else {
    made = {new named_callback_of<held>(name, std::forward<F>(function), where), {}};
  }
  made->run_in(std::move(context));
  return made;
}

}  // namespace silk::detail
