// recorded: coroutines that note where they are, for the call graph.
//
// Only what is compiled with SILK_CALL_GRAPH defined as 1 is recorded: std::coroutine_traits then gives
// a task's coroutine another promise, which derives from the ordinary one. No other type depends on the
// macro, so recorded and ordinary coroutines, and the library, go together in one program.
//
// A recorded frame has its places behind its promise. Whether a frame is a recorded one is told by the
// address of its code, which every coroutine frame begins with: recorded code is entered in a table when
// it starts for the first time.
//
// Edges   E:recorded-code   the entry's CAS      -> who looks it up
#pragma once

#include "awaitable.hpp"
#include "promise.hpp"
#include "running.hpp"

#include <coroutine>
#include <exception>
#include <memory>
#include <source_location>
#include <type_traits>
#include <utility>

namespace silk::detail {

// Written by the coroutine while it runs; read by others while it is kept where it is suspended.
struct frame_places {
  std::source_location coroutine;
  std::source_location awaits = {};  // its last co_await; line 0 before the first
};

// The coroutine starts, and is the innermost one. [task]
void begin_recorded(promise_base& frame) noexcept;
// nullptr for an ordinary coroutine. [who keeps it where it is]
const frame_places* places_of(promise_base& frame) noexcept;

// Lets others come before an await that would not suspend, or not yet: in a simulated program, where tasks
// meet only where they suspend (docs/decisions/010-simulation.md).
struct await_pause : engine::job {
  explicit await_pause(promise_base& waiting) noexcept : frame(waiting) { run = end; }
  // Whether one is due here. [task]
  static bool is_due() noexcept;
  // The task is suspended until `then(wrapper)` is called. [task]
  void begin(void* wrapper, void (*then)(void*) noexcept) noexcept;
  // The coroutine that a job goes on with, if it is such a pause; else nullptr. [the job's worker]
  static promise_base* paused_by(engine::job& item) noexcept;

  promise_base& frame;
  void* awaiter = nullptr;
  void (*go_on)(void*) noexcept = nullptr;
  std::exception_ptr error;  // what the await threw before it suspended

 private:
  static void end(engine::job& self) noexcept;
};

// What a recorded coroutine awaits, by whatever awaiter. While it is suspended, or another coroutine
// runs on its behalf, it is not the innermost one.
template <class Awaiter>
class recorded_awaiter {
 public:
  template <class Awaitable>
  recorded_awaiter(Awaitable&& awaitable, promise_base& frame)
      : awaiter_(adapt_awaitable(std::forward<Awaitable>(awaitable), frame)), frame_(frame) {}
  recorded_awaiter(const recorded_awaiter&) = delete;
  recorded_awaiter& operator=(const recorded_awaiter&) = delete;

  bool await_ready() {
    if (await_pause::is_due()) [[unlikely]] {
      pause_ = std::make_unique<await_pause>(frame_);
      return false;
    }
    return awaiter_.await_ready();
  }
  template <class Promise>
  auto await_suspend(std::coroutine_handle<Promise> waiting) {
    using answer = decltype(awaiter_.await_suspend(waiting));
    set_innermost(nullptr);
    if (pause_ != nullptr) [[unlikely]] {
      pause_->begin(this, after_pause<Promise>);
      if constexpr (std::is_same_v<answer, bool>) {
        return true;
      } else if constexpr (!std::is_void_v<answer>) {
        return std::coroutine_handle<>(std::noop_coroutine());
      }
    } else if constexpr (std::is_same_v<answer, bool> || std::is_void_v<answer>) {
      return awaiter_.await_suspend(waiting);
    } else {
      return std::coroutine_handle<>(awaiter_.await_suspend(waiting));
    }
  }
  decltype(auto) await_resume() {
    set_innermost(&frame_);
    if (pause_ != nullptr && pause_->error != nullptr) std::rethrow_exception(pause_->error);
    return awaiter_.await_resume();
  }

 private:
  // What the coroutine would have done in place of the pause.
  template <class Promise>
  static void after_pause(void* wrapper) noexcept {
    auto& here = *static_cast<recorded_awaiter*>(wrapper);
    set_innermost(&here.frame_);
    std::coroutine_handle<> next = here.frame_.handle();
    try {
      if (!here.awaiter_.await_ready()) {
        set_innermost(nullptr);
        if (!here.template suspend<Promise>(next)) return;  // and may be gone
      }
    } catch (...) {
      here.pause_->error = std::current_exception();
    }
    next.resume();
  }
  // False: the coroutine is suspended; else `next` is to be resumed.
  template <class Promise>
  bool suspend(std::coroutine_handle<>& next) {
    const auto waiting =
        std::coroutine_handle<Promise>::from_promise(static_cast<Promise&>(frame_));
    using answer = decltype(awaiter_.await_suspend(waiting));
    if constexpr (std::is_void_v<answer>) {
      awaiter_.await_suspend(waiting);
      return false;
    } else if constexpr (std::is_same_v<answer, bool>) {
      return !awaiter_.await_suspend(waiting);
    } else {
      next = awaiter_.await_suspend(waiting);
      return true;
    }
  }

  Awaiter awaiter_;
  promise_base& frame_;
  std::unique_ptr<await_pause> pause_;
};

class recorded_start {
 public:
  explicit recorded_start(promise_base& frame) noexcept : frame_(frame) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<>) const noexcept {}
  void await_resume() const noexcept { begin_recorded(frame_); }

 private:
  promise_base& frame_;
};

template <class Promise>
class recorded_promise : public Promise {
 public:
  auto get_return_object(
      std::source_location coroutine = std::source_location::current()) noexcept {
    places_.coroutine = coroutine;
    return Promise::get_return_object();
  }
  recorded_start initial_suspend() noexcept { return recorded_start(*this); }
  auto final_suspend() noexcept {
    set_innermost(nullptr);
    return Promise::final_suspend();
  }

  template <class Awaitable>
  auto await_transform(Awaitable&& awaitable,
                       std::source_location here = std::source_location::current()) {
    places_.awaits = here;
    using awaiter = decltype(adapt_awaitable(std::forward<Awaitable>(awaitable), *this));
    return recorded_awaiter<awaiter>(std::forward<Awaitable>(awaitable), *this);
  }

 private:
  static_assert(sizeof(Promise) == sizeof(promise_base), "places_of looks right behind it");
  frame_places places_;
};

}  // namespace silk::detail
