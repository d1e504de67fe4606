#include "frame_depot.hpp"

#include <sys/mman.h>

#include <bit>
#include <new>
#include <utility>

namespace silk::scheduler {

namespace {

constexpr std::size_t region_bytes = frame_depot::region_bytes;
constexpr std::size_t slab_bytes = frame_depot::slab_bytes;
constexpr std::size_t slabs_per_region = region_bytes / slab_bytes;
constexpr std::size_t cache_line = 64;
constexpr std::uint32_t all_slabs = 0xffff'ffff;
static_assert(slabs_per_region == 32, "region::free_slabs has one bit for each");

std::byte* map(std::size_t bytes) {
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  return static_cast<std::byte*>(memory);
}

std::size_t offset_in_region(const void* memory) noexcept {
  return reinterpret_cast<std::uintptr_t>(memory) & (region_bytes - 1);
}

std::size_t slab_index(const void* memory) noexcept {
  return offset_in_region(memory) / slab_bytes;
}

// Linux since 6.7 aligns such a mapping by itself; elsewhere map twice, cut off the ends.
std::byte* map_aligned_region() {
  std::byte* memory = map(region_bytes);
  if (offset_in_region(memory) == 0) return memory;
  ::munmap(memory, region_bytes);
  memory = map(2 * region_bytes);
  const std::size_t before = region_bytes - offset_in_region(memory);
  if (before == region_bytes) {
    ::munmap(memory + region_bytes, region_bytes);
    return memory;
  }
  ::munmap(memory, before);
  ::munmap(memory + before + region_bytes, region_bytes - before);
  return memory + before;
}

}  // namespace

// What a cache had not carved yet; lies at the start of that memory.
struct frame_depot::remnant {
  remnant* next;
  std::byte* end;

  memory_range range() noexcept { return {reinterpret_cast<std::byte*>(this), end}; }
};

// 2 MiB of memory, aligned to its size so that a block's region is found by masking its address.
// Its first page holds this description, the rest is cut into slabs.
struct frame_depot::region {
  static constexpr std::size_t header_bytes = 4096;

  const bool lines_apart;  // its blocks start at cache lines

  // Guarded by regions_lock_.
  region* next = nullptr;
  region* next_with_room = nullptr;
  std::uint32_t free_slabs = all_slabs;  // bit i: slab i is nobody's
  bool in_huge_pages = false;            // or may be

  // Guarded by trimming_: the bytes of each slab that the running trim has met.
  std::array<std::uint32_t, slabs_per_region> found{};

  static region& of(const void* memory) noexcept {
    const auto address = reinterpret_cast<std::uintptr_t>(memory);
    return *reinterpret_cast<region*>(address - offset_in_region(memory));
  }

  memory_range slab(std::size_t index) noexcept {
    std::byte* begin = reinterpret_cast<std::byte*>(this) + index * slab_bytes;
    return {index == 0 ? begin + header_bytes : begin, begin + slab_bytes};
  }

  bool found_free(std::size_t index) noexcept { return found[index] == slab(index).size(); }

  std::size_t stride(std::size_t bytes) const noexcept {
    return lines_apart ? (bytes + cache_line - 1) / cache_line * cache_line : bytes;
  }

  static void count(const void* memory, std::size_t bytes) noexcept {
    of(memory).found[slab_index(memory)] += static_cast<std::uint32_t>(bytes);
  }

  static bool in_free_slab(const void* memory) noexcept {
    return of(memory).found_free(slab_index(memory));
  }

  // Ends a trim: slabs found free become nobody's. Returns them as bits.
  std::uint32_t reclaim() noexcept {
    std::uint32_t reclaimed = 0;
    for (std::size_t i = 0; i < slabs_per_region; ++i) {
      if (found_free(i)) reclaimed |= std::uint32_t{1} << i;
      found[i] = 0;
    }
    free_slabs |= reclaimed;
    return reclaimed;
  }

  // What is dropped of a huge page the kernel would bring back later, to make it whole again. True: there may have
  // been some, and with them memory for slabs that nobody has taken.
  bool leave_huge_pages() noexcept {
    if (!std::exchange(in_huge_pages, false)) return false;
    ::madvise(this, region_bytes, MADV_NOHUGEPAGE);
    return true;
  }

  // Where a page is larger than a slab the kernel refuses, and the slab keeps its memory.
  std::size_t drop_pages(std::uint32_t slabs) noexcept {
    std::size_t dropped = 0;
    for (; slabs != 0; slabs &= slabs - 1) {
      const memory_range pages = slab(static_cast<std::size_t>(std::countr_zero(slabs)));
      if (::madvise(pages.begin, pages.size(), MADV_DONTNEED) == 0) dropped += pages.size();
    }
    return dropped;
  }
};

frame_depot::~frame_depot() {
  while (regions_ != nullptr) ::munmap(std::exchange(regions_, regions_->next), region_bytes);
}

void frame_depot::shelf::push_full(free_block& first) noexcept {
  first.next_magazine = full;
  full = &first;
  ++full_count;
}

void frame_depot::shelf::push_loose(free_block& block, std::uint32_t full_size) noexcept {
  block.next = loose.first;
  loose.first = &block;
  ++loose.count;
  if (loose.count == full_size) push_full(*std::exchange(loose, {}).first);  // keeps P1
}

magazine frame_depot::shelf::pop(std::uint32_t full_size) noexcept {
  if (full == nullptr) return std::exchange(loose, {});
  --full_count;
  return {std::exchange(full, full->next_magazine), full_size};
}

// `visit` may link the block anew. Some magazines take turns: what was freed in no order lies all over memory,
// and the cache miss of each block's next one is over when it is looked at.
template <class Visit>
void frame_depot::shelf::for_each(Visit visit) const noexcept {
  constexpr std::size_t at_a_time = 16;
  std::array<free_block*, at_a_time> chains{loose.first};
  free_block* others = full;
  for (bool more = true; more;) {
    more = false;
    for (free_block*& chain : chains) {
      if (chain == nullptr && others != nullptr) {
        chain = std::exchange(others, others->next_magazine);
        __builtin_prefetch(others);
      }
      if (chain == nullptr) continue;
      free_block& block = *std::exchange(chain, chain->next);
      __builtin_prefetch(chain);
      visit(block);
      more = true;
    }
  }
}

magazine frame_depot::take(std::size_t size_class) noexcept {
  locked_shelf& from = shelves_[size_class];
  magazine taken;
  {
    sync::lock_guard hold(from.lock);
    taken = from.stock.pop(magazine_blocks(size_class));
  }
  if (taken.count != 0) note_taken(taken.count * frame_class_bytes(size_class));
  return taken;
}

void frame_depot::give(std::size_t size_class, free_block& full_magazine) noexcept {
  note_given(magazine_blocks(size_class) * frame_class_bytes(size_class));
  locked_shelf& to = shelves_[size_class];
  sync::lock_guard hold(to.lock);
  to.stock.push_full(full_magazine);
}

void frame_depot::give_loose(std::size_t size_class, free_block* chain) noexcept {
  std::size_t blocks = 0;
  for (const free_block* each = chain; each != nullptr; each = each->next) ++blocks;
  note_given(blocks * frame_class_bytes(size_class));
  locked_shelf& to = shelves_[size_class];
  sync::lock_guard hold(to.lock);
  while (chain != nullptr) {
    free_block& block = *std::exchange(chain, chain->next);
    to.stock.push_loose(block, magazine_blocks(size_class));
  }
}

memory_range frame_depot::take_slab() {
  sync::lock_guard hold(regions_lock_);
  if (remnants_ != nullptr) return std::exchange(remnants_, remnants_->next)->range();
  if (with_room_ == nullptr) add_region();
  region& home = *with_room_;
  const auto index = static_cast<std::size_t>(std::countr_zero(home.free_slabs));
  home.free_slabs &= home.free_slabs - 1;
  if (home.free_slabs == 0) with_room_ = home.next_with_room;
  return home.slab(index);
}

std::size_t frame_depot::stride(const void* memory, std::size_t bytes) noexcept {
  return region::of(memory).stride(bytes);
}

void frame_depot::give_remnant(memory_range rest) noexcept {
  sync::lock_guard hold(regions_lock_);
  remnants_ = ::new (rest.begin) remnant{remnants_, rest.end};
}

// The first regions never use huge pages: a program with few tasks pays for the pages that it touches. The others,
// which only a burst needs, ask for them: docs/decisions/017-where-frames-lie.md. [regions_lock_]
void frame_depot::add_region() {
  std::byte* memory = map_aligned_region();
  const bool of_the_first = apart_ < most_apart;
  if (of_the_first) ++apart_;
  ::madvise(memory, region_bytes, of_the_first ? MADV_NOHUGEPAGE : MADV_HUGEPAGE);
  auto* added = ::new (memory) region{.lines_apart = of_the_first};
  added->in_huge_pages = !of_the_first;
  added->next = regions_;
  regions_ = with_room_ = added;
  mapped_bytes_ += region_bytes;
}

std::size_t frame_depot::trim() noexcept {
  sync::lock_guard hold(trimming_);
  std::array<shelf, frame_class_count> taken;
  for (std::size_t i = 0; i < frame_class_count; ++i) {
    {
      sync::lock_guard hold_shelf(shelves_[i].lock);
      taken[i] = std::exchange(shelves_[i].stock, {});
    }
    note_taken(taken[i].blocks(magazine_blocks(i)) * frame_class_bytes(i));
  }
  remnant* remnants = nullptr;
  {
    sync::lock_guard hold_regions(regions_lock_);
    remnants = std::exchange(remnants_, nullptr);
  }
  for (std::size_t i = 0; i < frame_class_count; ++i) {
    taken[i].for_each([bytes = frame_class_bytes(i)](free_block& block) {
      region::count(&block, stride(&block, bytes));
    });
  }
  for (remnant* each = remnants; each != nullptr; each = each->next) {
    region::count(each, each->range().size());
  }
  for (std::size_t i = 0; i < frame_class_count; ++i) put_back(i, taken[i]);
  put_back(remnants);
  return release_free_slabs();
}

// What lies in slabs still in use goes back to its shelf, the rest is forgotten. [trimming_]
void frame_depot::put_back(std::size_t size_class, const shelf& taken) noexcept {
  const std::uint32_t full_size = magazine_blocks(size_class);
  shelf kept;
  taken.for_each([&kept, full_size](free_block& block) {
    if (!region::in_free_slab(&block)) kept.push_loose(block, full_size);
  });
  while (kept.full != nullptr) give(size_class, *kept.pop(full_size).first);
  give_loose(size_class, kept.loose.first);
}

void frame_depot::put_back(remnant* taken) noexcept {  // as above
  while (taken != nullptr) {
    remnant& each = *std::exchange(taken, taken->next);
    if (!region::in_free_slab(&each)) give_remnant(each.range());
  }
}

std::size_t frame_depot::release_free_slabs() noexcept {  // [trimming_]
  sync::lock_guard hold(regions_lock_);
  std::size_t released = 0;
  region* all = std::exchange(regions_, nullptr);
  with_room_ = nullptr;
  region* apart = nullptr;
  while (all != nullptr) {
    region& each = *std::exchange(all, all->next);
    const std::uint32_t reclaimed = each.reclaim();
    if (each.free_slabs == all_slabs) {
      if (each.lines_apart) --apart_;
      ::munmap(&each, region_bytes);
      mapped_bytes_ -= region_bytes;
      released += region_bytes;
      continue;
    }
    if (reclaimed != 0)
      released += each.drop_pages(each.leave_huge_pages() ? each.free_slabs : reclaimed);
    each.next = std::exchange(regions_, &each);
    region*& with_room = each.lines_apart ? apart : with_room_;
    if (each.free_slabs != 0) each.next_with_room = std::exchange(with_room, &each);
  }
  while (apart != nullptr) {  // before all others
    region& each = *std::exchange(apart, apart->next_with_room);
    each.next_with_room = std::exchange(with_room_, &each);
  }
  return released;
}

std::size_t frame_depot::mapped_bytes() noexcept {
  sync::lock_guard hold(regions_lock_);
  return mapped_bytes_;
}

std::size_t frame_depot::blocks_in_depot() noexcept {
  std::size_t blocks = 0;
  for (std::size_t i = 0; i < frame_class_count; ++i) {
    sync::lock_guard hold(shelves_[i].lock);
    blocks += shelves_[i].stock.blocks(magazine_blocks(i));
  }
  return blocks;
}

}  // namespace silk::scheduler
