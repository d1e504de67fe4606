#include "frame_pool.hpp"

#include <algorithm>
#include <utility>

namespace silk::scheduler {

namespace {

frame_depot& process_depot() {
  // Never destroyed: destructors of static objects still free frames.
  static frame_depot& depot = *new frame_depot;
  return depot;
}

struct closes_cache_of_thread {
  ~closes_cache_of_thread() { detail::this_thread_frames.close(); }
};

}  // namespace

namespace detail {

constinit thread_local frame_cache this_thread_frames;

}  // namespace detail

void* frame_cache::allocate_slow(std::size_t size_class) {
  if (life_ == life::unopened) open();
  if (life_ == life::closed) {
    frame_cache passing(*depot_);
    void* memory = passing.allocate(size_class);
    passing.close();
    return memory;
  }
  ++dealings_;
  bin& from = bins_[size_class];
  magazine refill{std::exchange(from.spare, nullptr), magazine_blocks(size_class)};
  if (refill.first == nullptr) refill = depot_->take(size_class);
  if (refill.first == nullptr) refill = carve(size_class);
  from.first = refill.first;
  from.room = magazine_blocks(size_class) - refill.count;  // keeps P3
  return allocate(size_class);
}

void frame_cache::deallocate_slow(void* memory, std::size_t size_class) noexcept {
  if (life_ == life::unopened) open();
  if (life_ == life::closed) {
    frame_cache passing(*depot_);
    passing.deallocate(memory, size_class);
    return passing.close();
  }
  ++dealings_;
  bin& into = bins_[size_class];
  if (into.first != nullptr) {
    if (into.spare != nullptr) depot_->give(size_class, *into.spare);
    into.spare = std::exchange(into.first, nullptr);  // keeps P3: there was no room, so it is full
  }
  into.room = magazine_blocks(size_class);
  deallocate(memory, size_class);
}

// At most a page's worth, else a thread with three tasks would touch the memory of 64.
magazine frame_cache::carve(std::size_t size_class) {
  constexpr std::size_t page = 4096;
  const std::size_t bytes = frame_class_bytes(size_class);
  while (rest_.size() < bytes) {
    const memory_range scrap = std::exchange(rest_, {});
    // keeps P2 (frame_depot.hpp): what is too small for this class is a block of a smaller one
    if (scrap.size() != 0) deallocate(scrap.begin, frame_class(scrap.size()));
    rest_ = depot_->take_slab();
  }
  const std::size_t stride = frame_depot::stride(rest_.begin, bytes);
  const std::size_t fitting = std::min(rest_.size(), page) / stride;
  const std::size_t count = std::min<std::size_t>(fitting, magazine_blocks(size_class));
  magazine carved{nullptr, static_cast<std::uint32_t>(count)};
  free_block** link = &carved.first;
  for (std::size_t i = 0; i < count; ++i) {
    auto* block = ::new (rest_.begin) free_block;
    rest_.begin += stride;
    *link = block;
    link = &block->next;
  }
  *link = nullptr;
  return carved;
}

// Only the cache in thread-local storage is ever unopened. [owner]
void frame_cache::open() noexcept {
  thread_local closes_cache_of_thread at_thread_exit;
  static_cast<void>(at_thread_exit);
  depot_ = &process_depot();
  life_ = life::open;
}

void frame_cache::flush() noexcept {
  dealings_ = 0;
  for (std::size_t i = 0; i < frame_class_count; ++i) {
    const bin emptied = std::exchange(bins_[i], {});
    if (emptied.spare != nullptr) depot_->give(i, *emptied.spare);
    if (emptied.first != nullptr) depot_->give_loose(i, emptied.first);
  }
  const memory_range rest = std::exchange(rest_, {});
  if (rest.size() != 0) depot_->give_remnant(rest);
}

void frame_cache::close() noexcept {
  flush();
  life_ = life::closed;
}

std::size_t trim_frames() noexcept {
  if (!detail::is_pooled(0)) return 0;
  detail::frames().flush();
  return process_depot().trim();
}

frame_traffic frame_traffic_now() noexcept {
  if (!detail::is_pooled(0)) return {};
  return process_depot().traffic();
}

frame_memory frame_memory_now() noexcept {
  return {process_depot().mapped_bytes(), process_depot().blocks_in_depot()};
}

}  // namespace silk::scheduler
