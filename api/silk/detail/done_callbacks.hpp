// done_callbacks: functions to be called when a future has its outcome, in the order in which they were
// added.
//
// Made by the first add and then part of the future; guarded by the future's lock. The functions are
// called without it, one after the other, by one job of the runtime of the first add. If that has ended
// before the outcome comes nothing is called: there is nobody left who could.
//
//   at rest --begin: outcome, or added to a done future--> scheduled --all called--> at rest
#pragma once

#include "bindings.hpp"
#include "engine.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace silk::detail {

class future_core;

class done_callbacks final : public engine::job {
 public:
  // One function: called once, or dropped.
  class entry {
   public:
    entry() noexcept = default;
    entry(const entry&) = delete;
    entry& operator=(const entry&) = delete;
    virtual ~entry() = default;
    virtual void call(future_core& done) = 0;

    bindings_ptr context;  // to be called in

   private:
    friend class done_callbacks;
    std::uint64_t id_ = 0;
    std::unique_ptr<entry> next_;
  };

  done_callbacks(future_core& of, std::uint32_t runtime_serial) noexcept
      : of_(of), runtime_serial_(runtime_serial) {
    run = run_all;
  }
  ~done_callbacks();

  // Gives the entry's number, for remove. [holder]
  std::uint64_t add(std::unique_ptr<entry> fresh) noexcept;
  // The entry, if it has not been called and now never will be. [holder]
  std::unique_ptr<entry> remove(std::uint64_t id) noexcept;
  std::size_t size() const noexcept { return size_; }  // [holder]
  // True: the caller must schedule() after the unlock. [holder]
  [[nodiscard]] bool begin() noexcept;
  void schedule() noexcept;  // [who began, while the future is kept]

 private:
  static void run_all(engine::job& self) noexcept;
  std::unique_ptr<entry> take_first() noexcept;  // [holder]

  future_core& of_;
  const std::uint32_t runtime_serial_;
  bool scheduled_ = false;
  std::size_t size_ = 0;
  std::uint64_t last_id_ = 0;
  std::unique_ptr<entry> first_;
  entry* last_ = nullptr;
};

}  // namespace silk::detail
