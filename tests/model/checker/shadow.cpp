#include "shadow.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstdlib>

namespace silk::model {

shadow::shadow(const arena& memory)
    : base_(reinterpret_cast<std::uintptr_t>(memory.base())), splits_(256), outside_(1u << 12) {
  void* granules = ::mmap(nullptr, arena::bytes / 8 * sizeof(granule), PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (granules == MAP_FAILED) std::abort();
  direct_ = static_cast<granule*>(granules);  // all zero: of no execution
}

void shadow::reset() noexcept {
  ++stamp_;
  splits_used_ = 1;
}

inline shadow::granule& shadow::find(std::uintptr_t address) {
  const std::uintptr_t offset = address - base_;
  granule& found = offset < arena::bytes ? direct_[offset / 8] : find_outside(address / 8);
  if (found.stamp != stamp_) {
    found.stamp = stamp_;
    found.split = 0;
    found.whole = {};
  }
  return found;
}

// True: nobody has used the 8 bytes in this execution, and now `by` has written them.
inline bool shadow::first_write(std::uintptr_t address, thread_id by,
                                const vector_clock& known) noexcept {
  const std::uintptr_t offset = address - base_;
  if (offset >= arena::bytes) return false;
  granule& found = direct_[offset / 8];
  if (found.stamp == stamp_) return false;
  found.stamp = stamp_;
  found.split = 0;
  found.whole = {.write_step = known.at[by], .writer = by};
  return true;
}

shadow::granule& shadow::find_outside(std::uintptr_t word) {
  const std::size_t mask = outside_.size() - 1;
  std::size_t used = 0;
  for (std::size_t i = word * 0x9e3779b97f4a7c15u >> 40;; ++i, ++used) {
    outside& each = outside_[i & mask];
    if (each.word == word) return each.of;
    if (each.word == 0) {
      each.word = word;
      return each.of;
    }
    if (used > mask / 2) break;
  }
  // Crowded: more room, and without what former executions have used.
  std::vector<outside> before(outside_.size() * 2);
  before.swap(outside_);
  for (const outside& each : before) {
    if (each.of.stamp == stamp_) find_outside(each.word) = each.of;
  }
  return find_outside(word);
}

std::array<cell, 8>& shadow::split(granule& of) {
  if (of.split == 0) {
    if (splits_used_ == splits_.size()) splits_.resize(splits_.size() * 2);
    of.split = static_cast<std::uint32_t>(splits_used_++);
    splits_[of.split].fill(of.whole);
  }
  return splits_[of.split];
}

inline shadow::verdict shadow::check(cell& at, thread_id by, const vector_clock& known,
                                     use how) noexcept {
  if (at.location == cell::freed) return {access_fault::freed, at.writer};
  if (at.write_step > known.at[at.writer] && at.writer != by) {
    return {access_fault::write_race, at.writer};
  }
  if (how == use::reads) {
    at.readers |= bit_of(by);
    at.read_step[by] = known.at[by];
    return {};
  }
  for (unsigned left = at.readers & ~unsigned{bit_of(by)}; left != 0; left &= left - 1) {
    const auto reader = static_cast<thread_id>(std::countr_zero(left));
    if (at.read_step[reader] > known.at[reader]) return {access_fault::read_race, reader};
  }
  at.write_step = known.at[by];
  at.writer = by;
  at.readers = 0;  // they happen before this write: who comes after it, comes after them
  at.location = how == use::frees ? cell::freed : 0;
  return {};
}

shadow::verdict shadow::access(const void* memory, std::size_t size, thread_id by,
                               const vector_clock& known, use how) {
  auto address = reinterpret_cast<std::uintptr_t>(memory);
  while (size != 0) {
    const std::size_t offset = address % 8;
    const std::size_t count = std::min(size, 8 - offset);
    if (count == 8 && how == use::writes && first_write(address, by, known)) {
      address += 8;
      size -= 8;
      continue;
    }
    granule& in = find(address);
    verdict found;
    if (count == 8 && in.split == 0) {
      found = check(in.whole, by, known, how);
      if (found.fault != access_fault::none) return found;
    } else {
      std::array<cell, 8>& cells = split(in);
      for (std::size_t i = offset; i < offset + count; ++i) {
        found = check(cells[i], by, known, how);
        if (found.fault != access_fault::none) return found;
      }
    }
    address += count;
    size -= count;
  }
  return {};
}

shadow::verdict shadow::read(const void* memory, std::size_t size, thread_id by,
                             const vector_clock& known) {
  return access(memory, size, by, known, use::reads);
}

shadow::verdict shadow::write(const void* memory, std::size_t size, thread_id by,
                              const vector_clock& known) {
  return access(memory, size, by, known, use::writes);
}

shadow::verdict shadow::release(const void* memory, std::size_t size, thread_id by,
                                const vector_clock& known) {
  return access(memory, size, by, known, use::frees);
}

void shadow::renew(const void* memory, std::size_t size) {
  const auto begin = reinterpret_cast<std::uintptr_t>(memory);
  for (std::uintptr_t address = begin; address < begin + size; address += 8)
    find(address).stamp = 0;  // of no execution
}

shadow::verdict shadow::touch_atomic(const void* memory, std::size_t size, thread_id by,
                                     const vector_clock& known, cell*& first) {
  const verdict found = access(memory, size, by, known, use::reads);
  if (found.fault != access_fault::none) return found;
  first = &first_cell(memory);
  return found;
}

cell& shadow::first_cell(const void* memory) {
  const auto address = reinterpret_cast<std::uintptr_t>(memory);
  granule& in = find(address);
  return in.split == 0 ? in.whole : splits_[in.split][address % 8];
}

std::uint32_t shadow::location_of(const void* memory) { return first_cell(memory).location; }

}  // namespace silk::model
