#include "timer_wheel.hpp"

#include <new>

namespace silk::scheduler {

namespace {

// Timers lie all over memory: far enough ahead for a cache miss to be over when its turn comes.
constexpr int prefetch_distance = 16;

// Slots below this level are at most 17 ms wide: what they hold fires soon after they are split.
constexpr std::size_t soon_level = 5;

// While all timers of a burst fire, as many as this become more than half spare for each that does.
constexpr int slabs_per_advance = 2;

}  // namespace

// Runs ahead of drain or split through the same chunks and calls their timers into the cache.
class timer_wheel::lookahead {
 public:
  lookahead(const timer_wheel& wheel, std::uint32_t first) noexcept : wheel_(wheel), next_(first) {
    for (int i = 0; i < prefetch_distance && step(); ++i) {
    }
  }

  bool step() noexcept {  // false: it is through
    if (live_ == 0 && !enter_next_chunk()) return false;
    __builtin_prefetch(&chunk_->entries[std::countr_zero(live_)]->deadline, 1);
    live_ &= live_ - 1;
    return true;
  }

 private:
  bool enter_next_chunk() noexcept {
    if (next_ == no_chunk) return false;
    chunk_ = &wheel_.at(next_);
    live_ = chunk_->live;  // not 0: W4
    next_ = chunk_->next;
    if (next_ != no_chunk) __builtin_prefetch(&wheel_.at(next_));
    return true;
  }

  const timer_wheel& wheel_;
  const chunk* chunk_ = nullptr;
  std::uint32_t live_ = 0;
  std::uint32_t next_;
};

std::size_t timer_wheel::advance(std::uint64_t now_ns, std::size_t limit, job_list& due) noexcept {
  now_ns = std::min(now_ns, no_deadline - 1);
  latest_ = std::max(latest_, now_ns);
  std::size_t fired = 0;
  std::size_t budget = split_chunks;
  while (armed_ != 0 && fired < limit && budget != 0) {
    const std::size_t slot = first_slot();
    const slot_list& list = slots_[slot];
    if (list.minimum > now_ns) break;
    if (splitting_ == no_slot && list.first == list.last && !list.in_order()) sort(slot);
    if (splitting_ == no_slot && list.in_order()) {
      fired += drain(slot, now_ns, limit - fired, due);
    } else {
      budget -= split(slot, budget);
    }
  }
  catch_up(now_ns);
  for (int i = 0; i < slabs_per_advance && slabs_.size() > 2 * slabs_needed(); ++i)
    free_last_slab();
  return fired;
}

// Fires what is due in a slot whose timers are in order.
std::size_t timer_wheel::drain(std::size_t slot, std::uint64_t now, std::size_t limit,
                               job_list& due) noexcept {
  lookahead ahead(*this, slots_[slot].first);
  std::size_t fired = 0;
  for (bool more = true; more;) {
    const std::uint32_t id = slots_[slot].first;
    chunk& home = at(id);
    for (; home.live != 0; ++fired) {
      timer_node& node = *home.entries[std::countr_zero(home.live)];
      if (node.deadline > now || fired == limit) {
        slots_[slot].minimum = node.deadline;
        return fired;
      }
      ahead.step();
      home.live &= home.live - 1;
      --armed_;
      node.position = timer_node::none;
      node.state = timer_state::fired;
      due.push_back(*node.on_fire);
    }
    more = home.next != no_chunk;
    unlink_chunk(id);
  }
  return fired;
}

// Moves the timers of at most `chunks` chunks to where they belong when the hand stands at the
// slot's earliest deadline: they differ from it in a lower digit, so each goes to a lower level.
// Nothing else is there, or the slot would not be the first. Returns how many chunks it was.
std::size_t timer_wheel::split(std::size_t slot, std::size_t chunks) noexcept {
  if (splitting_ == no_slot) {
    splitting_ = slot;
    split_hand_ = slots_[slot].minimum;  // keeps W6: the slot is due
  }
  lookahead ahead(*this, slots_[slot].first);
  std::size_t moved = 0;
  for (; moved < chunks && splitting_ == slot; ++moved) {
    const std::uint32_t id = slots_[slot].first;
    chunk& source = at(id);
    for (; source.live != 0; source.live &= source.live - 1) {
      ahead.step();
      timer_node& node = *source.entries[std::countr_zero(source.live)];
      if (slot < soon_level * level_slots) __builtin_prefetch(node.on_fire, 1);
      append(node, slot_of(node.deadline, split_hand_));
    }
    unlink_chunk(id);  // ends the split with the slot's last chunk
  }
  return moved;
}

// Sorts a slot of one chunk. Insertion sort: stable, and linear when timers were added to what was
// in order.
void timer_wheel::sort(std::size_t slot) noexcept {
  const std::uint32_t id = slots_[slot].first;
  std::array<std::uint64_t, chunk_entries> deadlines;
  std::array<timer_node*, chunk_entries> nodes;
  chunk& home = at(id);
  std::uint32_t count = 0;
  for (std::uint32_t live = home.live; live != 0; live &= live - 1) {
    timer_node* node = home.entries[std::countr_zero(live)];
    const std::uint64_t deadline = node->deadline;
    std::uint32_t to = count++;
    for (; to > 0 && deadlines[to - 1] > deadline; --to) {
      deadlines[to] = deadlines[to - 1];
      nodes[to] = nodes[to - 1];
    }
    deadlines[to] = deadline;
    nodes[to] = node;
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    home.entries[i] = nodes[i];
    nodes[i]->position = id * position_stride + i;
  }
  home.live = (1u << count) - 1;
  slots_[slot].newest = deadlines[count - 1];
}

// Moves the hand as near to `now` as W2 allows, so that new timers start on low levels: up to the
// first slot but not into it, unless that slot is on level 0 and thus a single point in time.
void timer_wheel::catch_up(std::uint64_t now) noexcept {
  std::uint64_t farthest = now;
  if (armed_ != 0) {
    const std::size_t slot = first_slot();
    const std::size_t shift = slot / level_slots * digit_bits;
    const std::uint64_t begin = slots_[slot].minimum >> shift << shift;
    farthest = std::min(now, slot < level_slots ? begin : begin - 1);
  }
  hand_ = std::max(hand_, farthest);
}

void timer_wheel::grow(std::size_t free_chunks) {
  // Beyond this a position does not fit its 32 bits.
  constexpr std::size_t most_slabs = (std::size_t{1} << 32) / position_stride / slab_chunks;
  while (free_count_ < free_chunks) {
    if (slabs_.size() == most_slabs) throw std::bad_alloc();
    slabs_.push_back(make_page_array<chunk>(slab_chunks));
    free_count_ += slab_chunks;
  }
}

std::size_t timer_wheel::slabs_needed() const noexcept {
  return (used_chunks() + reserve_for(armed_) + slab_chunks - 1) / slab_chunks;
}

void timer_wheel::trim() noexcept {
  while (slabs_.size() > slabs_needed()) free_last_slab();
}

// The other slabs must have room for its chunks. Whatever refers to a chunk does so by number, so
// chunks can move.
void timer_wheel::free_last_slab() noexcept {
  const auto begin = static_cast<std::uint32_t>((slabs_.size() - 1) * slab_chunks);
  const std::uint32_t end = std::max(begin, fresh_);
  fresh_ = std::min(begin, fresh_);
  free_count_ -= slab_chunks;
  for (std::uint32_t id = begin; id < end; ++id) {
    if (at(id).live == 0) take_from_free(id);
  }
  for (std::uint32_t id = begin; id < end; ++id) {
    if (at(id).live == 0) continue;
    ++free_count_;  // it was not free: the slab's share above counted it
    move_chunk(id, take_chunk(at(id).slot, no_chunk));
  }
  slabs_.pop_back();
}

void timer_wheel::move_chunk(std::uint32_t from, std::uint32_t to) noexcept {
  chunk& moved = at(to);
  moved = at(from);
  slot_list& list = slots_[moved.slot];
  (moved.prev == no_chunk ? list.first : at(moved.prev).next) = to;
  (moved.next == no_chunk ? list.last : at(moved.next).prev) = to;
  for (std::uint32_t live = moved.live; live != 0; live &= live - 1) {
    const auto entry = static_cast<std::uint32_t>(std::countr_zero(live));
    moved.entries[entry]->position = to * position_stride + entry;
  }
}

}  // namespace silk::scheduler
