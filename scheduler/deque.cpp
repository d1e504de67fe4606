#include "deque.hpp"

#include <bit>

namespace silk::scheduler {

deque::deque(std::size_t capacity)
    : fence_(sync::fences_are_asymmetric() ? owners_fence::light : owners_fence::full),
      owned_(nullptr, 1) {
  buffers_.push_back(std::make_unique<buffer>(std::bit_ceil(capacity)));
  owned_ = buffers_.back()->all;
  full_at_ = owned_.capacity();
  // relaxed: nobody else knows us yet
  buffer_.store(buffers_.back().get(), sync::memory_order_relaxed);
}

// As take_bottom, which has lowered it.
bool deque::take_bottom_fenced(std::int64_t bottom) noexcept {
  sync::full_fence();  // a thief sees the lowered bottom, or we see its raised top
  const std::int64_t top = top_.load(sync::memory_order_relaxed);  // relaxed: after the fence
  calm_down(top);
  return top < bottom || take_last(bottom, top);
}

void deque::calm_down(std::int64_t top) noexcept {
  if (top != top_then_) {
    top_then_ = top;
    calm_pops_ = 0;
  } else if (++calm_pops_ >= sync::pops_until_calm && sync::fences_are_asymmetric()) {
    calm_pops_ = 0;
    fence_.store(owners_fence::light, sync::memory_order_relaxed);  // relaxed: a fence follows
    sync::full_fence();  // who still sees `full` has read a top that the next pop sees: keeps D3
  }
}

void deque::ask_for_fences() noexcept {
  auto now = owners_fence::light;
  // relaxed: the fence shows it to the owner
  fence_.compare_exchange_strong(now, owners_fence::asked, sync::memory_order_relaxed,
                                 sync::memory_order_relaxed);  // relaxed: somebody else has asked
  sync::heavy_fence();  // E:deque-fence out: it releases what the next line stores
  now = owners_fence::asked;
  // relaxed: see the fence. What fails has calmed down meanwhile, or somebody was faster.
  fence_.compare_exchange_strong(now, owners_fence::full, sync::memory_order_relaxed,
                                 sync::memory_order_relaxed);  // relaxed: as above
}

// There is one item, or none: whoever moves top_ has it.
bool deque::take_last(std::int64_t bottom, std::int64_t top) noexcept {
  const bool won = top == bottom && top_.compare_exchange_strong(
                                        top, top + 1,
                                        sync::memory_order_seq_cst,   // E:deque-claim in/out
                                        sync::memory_order_relaxed);  // relaxed: lost, take nothing
  bottom_.store(bottom + 1, sync::memory_order_relaxed);  // relaxed: restores D1, publishes nothing
  return won;
}

void deque::make_room(std::int64_t bottom) noexcept {
  const std::int64_t top =
      top_.load(sync::memory_order_acquire);  // E:deque-claim in: slots below are free
  full_at_ = top + owned_.capacity();
  if (bottom < full_at_) return;
  auto larger = std::make_unique<buffer>(static_cast<std::size_t>(owned_.capacity()) * 2);
  for (std::int64_t i = top; i < bottom; ++i) larger->all.put(i, *owned_.get(i));
  owned_ = larger->all;
  full_at_ = top + owned_.capacity();
  buffers_.push_back(std::move(larger));
  // E:deque-buffer out: the copied slots
  buffer_.store(buffers_.back().get(), sync::memory_order_release);
}

void deque::shrink() noexcept {
  const std::int64_t bottom = bottom_.load(sync::memory_order_relaxed);  // relaxed: all are asleep
  if (buffers_.size() == 1 || !looks_empty()) return;
  owned_ = buffers_.front()->all;
  full_at_ = bottom + owned_.capacity();
  // E:deque-buffer out: no slot of it is in use
  buffer_.store(buffers_.front().get(), sync::memory_order_release);
  buffers_.resize(1);
}

}  // namespace silk::scheduler
