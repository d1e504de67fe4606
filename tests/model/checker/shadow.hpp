// shadow: for each byte of memory who used it last; finds data races and uses of freed memory.
//
// The checker sees plain accesses because the code under test is compiled with -fsanitize=thread, whose
// calls end here instead of in ThreadSanitizer (tsan_hooks.cpp). Two accesses race if one of them is a
// plain write, and neither happens before the other (vector clocks; Flanagan and Freund, "FastTrack",
// PLDI 2009). Atomic accesses count as reads: they race with plain writes, constructors and delete.
#pragma once

#include "arena.hpp"
#include "clock.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace silk::model {

struct cell {
  static constexpr std::uint32_t freed = ~std::uint32_t{0};

  moment write_step = 0;  // 0: never written
  thread_id writer = 0;
  thread_mask readers = 0;     // since then; of whom read_step tells when
  std::uint32_t location = 0;  // of memory: the atomic object that begins here; 0: none known
  std::array<moment, max_threads> read_step{};
};

enum class [[nodiscard]] access_fault : std::uint8_t { none, write_race, read_race, freed };

class shadow {
 public:
  explicit shadow(const arena& memory);
  shadow(const shadow&) = delete;
  shadow& operator=(const shadow&) = delete;
  ~shadow() = delete;  // as the arena

  void reset() noexcept;

  struct verdict {
    access_fault fault = access_fault::none;
    thread_id other = 0;
  };
  verdict read(const void* memory, std::size_t size, thread_id by, const vector_clock& known);
  verdict write(const void* memory, std::size_t size, thread_id by, const vector_clock& known);
  verdict release(const void* memory, std::size_t size, thread_id by, const vector_clock& known);
  // It is another object from now on, which nobody has used.
  void renew(const void* memory, std::size_t size);
  // The cell of an atomic object's first byte; it counts as read.
  verdict touch_atomic(const void* memory, std::size_t size, thread_id by,
                       const vector_clock& known, cell*& first);
  // Of the atomic object that begins at `memory`; 0: none is known.
  std::uint32_t location_of(const void* memory);

 private:
  enum class use : std::uint8_t { reads, writes, frees };

  struct granule {            // of 8 bytes
    std::uint32_t stamp = 0;  // of the execution that this is about
    std::uint32_t split = 0;  // 0: all bytes alike, else index of 8 cells
    cell whole;
  };
  struct outside {
    std::uintptr_t word = 0;
    granule of;
  };

  granule& find(std::uintptr_t address);
  cell& first_cell(const void* memory);
  granule& find_outside(std::uintptr_t word);
  bool first_write(std::uintptr_t address, thread_id by, const vector_clock& known) noexcept;
  std::array<cell, 8>& split(granule& of);
  verdict access(const void* memory, std::size_t size, thread_id by, const vector_clock& known,
                 use how);
  static verdict check(cell& at, thread_id by, const vector_clock& known, use how) noexcept;

  std::uintptr_t base_;
  granule* direct_;  // one for each 8 bytes of the arena
  std::uint32_t stamp_ = 1;
  std::vector<std::array<cell, 8>> splits_;
  std::size_t splits_used_ = 1;
  std::vector<outside> outside_;  // open addressing
};

}  // namespace silk::model
