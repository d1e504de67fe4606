// done_callbacks: functions to be called when a future has its outcome, in the order in which they were
// added.
//
// Made by the first add, or with the future in debug mode, and then part of the future; guarded by the future's lock. The functions are
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
#include <source_location>

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

  explicit done_callbacks(future_core& of) noexcept : of_(of) { run = run_all; }
  ~done_callbacks();

  // Gives the entry's number, for remove. The runtime of the first one calls them all. [holder]
  std::uint64_t add(std::unique_ptr<entry> fresh, std::uint32_t runtime_serial) noexcept;
  // The entry, if it has not been called and now never will be. [holder]
  std::unique_ptr<entry> remove(std::uint64_t id) noexcept;
  std::size_t size() const noexcept { return size_; }  // [holder]
  // True: the caller must schedule() after the unlock. [holder]
  [[nodiscard]] bool begin() noexcept;
  // Kept here for the future, which has no room for what only debug mode knows. [holder]
  void note_creation(std::source_location where) noexcept { future_made_at_ = where; }
  std::source_location future_made_at() const noexcept { return future_made_at_; }
  // Whether a job calls done callbacks. [the job's worker]
  static bool called_by(const engine::job& item) noexcept { return item.run == run_all; }
  void schedule() noexcept;  // [who began, while the future is kept]

 private:
  static void run_all(engine::job& self) noexcept;
  std::unique_ptr<entry> take_first() noexcept;  // [holder]

  future_core& of_;
  std::uint32_t runtime_serial_ = 0;
  bool scheduled_ = false;
  std::source_location future_made_at_;
  std::size_t size_ = 0;
  std::uint64_t last_id_ = 0;
  std::unique_ptr<entry> first_;
  entry* last_ = nullptr;
};

}  // namespace silk::detail
