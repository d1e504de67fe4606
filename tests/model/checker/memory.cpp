#include "memory.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>

namespace silk::model {

namespace {

bool acquires(std::memory_order order) noexcept {
  return order == std::memory_order_acquire || order == std::memory_order_consume ||
         order == std::memory_order_acq_rel || order == std::memory_order_seq_cst;
}

bool releases(std::memory_order order) noexcept {
  return order == std::memory_order_release || order == std::memory_order_acq_rel ||
         order == std::memory_order_seq_cst;
}

bool is_ordered(std::memory_order order) noexcept { return order == std::memory_order_seq_cst; }

bool uses_known(const store_record& store, const vector_clock& seen) noexcept {
  bool known = false;
  for (std::size_t t = 0; t < max_threads; ++t) known |= store.first_use[t] <= seen.at[t];
  return known;
}

std::uint64_t truncated(std::uint64_t value, std::size_t size) noexcept {
  return size == 8 ? value : value & ((std::uint64_t{1} << size * 8) - 1);
}

}  // namespace

std::uint64_t result_of(update_kind kind, std::uint64_t old, std::uint64_t operand) noexcept {
  switch (kind) {
    case update_kind::exchange:
      break;
    case update_kind::add:
      return old + operand;
    case update_kind::subtract:
      return old - operand;
    case update_kind::bit_and:
      return old & operand;
    case update_kind::bit_or:
      return old | operand;
    case update_kind::bit_xor:
      return old ^ operand;
  }
  return operand;
}

void memory::reset(bool merges) noexcept {
  merges_ = merges;
  used_ = 1;
  order_length_ = 0;
  order_seen_ = {};
  fence_causes_ = {};
  access_causes_ = {};
}

location& memory::at(std::uint32_t& known, const void* address, std::size_t size, thread_id creator,
                     moment created) {
  if (known != 0) return locations_[known];
  if (used_ == locations_.size()) locations_.emplace_back();
  known = static_cast<std::uint32_t>(used_++);
  location& fresh = locations_[known];
  fresh.address = address;
  fresh.size = size;
  fresh.stores.clear();
  fresh.created = 1;
  fresh.ordered_causes = {};
  store_record& first = fresh.stores.emplace_back();
  first.position = gap;
  std::memcpy(&first.value, address, size);  // as the constructor has left it
  first.first_use.fill(store_record::never);
  first.first_use[creator] = created;
  first.writer = creator;
  first.written = created;
  return fresh;
}

bool memory::knows(const store_record& store, const memory_view& view,
                   bool ordered) const noexcept {
  if (store.ordered_use < view.knows.order_prefix) return true;
  if (uses_known(store, view.knows.seen)) return true;
  return ordered &&
         (store.ordered_use != store_record::not_ordered || uses_known(store, order_seen_));
}

// The last store that is known: none before it may be read.
std::size_t memory::oldest_visible(const location& at, const memory_view& view,
                                   bool ordered) const {
  std::size_t i = at.stores.size() - 1;
  while (i > 0 && !knows(at.stores[i], view, ordered)) --i;
  return i;
}

void memory::note_use(actor by, location& at, store_record& store, bool ordered) {
  moment& first = store.first_use[by.id];
  first = std::min(first, by.view.now(by.id));
  if (!ordered) return;
  store.ordered_use = std::min(store.ordered_use, order_length_);
  ++order_length_;
  by.view.causes.join(at.ordered_causes);
  by.view.causes.join(fence_causes_);
  at.ordered_causes = by.view.causes;
  access_causes_.join(by.view.causes);
}

memory::reading memory::note_read(actor by, location& at, store_record& store,
                                  std::memory_order order) {
  note_use(by, at, store, is_ordered(order));
  (acquires(order) ? by.view.knows : by.view.acquirable).join(store.released);
  by.view.causes.join(store.causes);
  return {.value = store.value,
          .position = store.position,
          .newer = static_cast<unsigned>(&at.stores.back() - &store),
          .writer = store.writer,
          .written = store.written};
}

namespace {

bool covers(const vector_clock& more, const vector_clock& less) noexcept {
  for (std::size_t t = 0; t < max_threads; ++t) {
    if (less.at[t] > more.at[t]) return false;
  }
  return true;
}

// Whoever reads `earlier` can do all that is possible for who reads `later`: it gets the same value and
// knows no more.
bool makes_superfluous(const store_record& earlier, const store_record& later) noexcept {
  return earlier.value == later.value &&
         earlier.released.order_prefix <= later.released.order_prefix &&
         covers(later.released.seen, earlier.released.seen) &&
         covers(later.released.happened, earlier.released.happened);
}

}  // namespace

// Newest first; where an earlier store makes the newest superfluous, that one takes its place.
void memory::collect(actor by, const location& at, bool ordered, bool for_update) {
  const std::size_t oldest = oldest_visible(at, by.view, ordered);
  visible_.clear();
  for (std::size_t i = at.stores.size(); i-- > oldest;) {
    if (for_update && at.stores[i].consumed) continue;  // by another read-modify-write
    std::size_t instead = i;
    for (std::size_t earlier = oldest; merges_ && !for_update && earlier < i; ++earlier) {
      if (!makes_superfluous(at.stores[earlier], at.stores[i])) continue;
      instead = earlier;
      break;
    }
    if (std::find(visible_.begin(), visible_.end(), instead) == visible_.end()) {
      visible_.push_back(instead);
    }
  }
}

std::uint64_t memory::allowed(const location& at, std::uint32_t only_from) const noexcept {
  std::uint64_t found = 0;
  for (std::size_t k = 0; k < visible_.size(); ++k) {
    const bool is_new = at.stores[visible_[k]].number >= only_from;
    if (is_new) found |= std::uint64_t{1} << std::min<std::size_t>(k, 63);
  }
  return found;
}

std::uint64_t memory::choices_of(actor by, const location& at, bool ordered, bool for_update) {
  collect(by, at, ordered, for_update);
  return allowed(at, by.only_from);
}

std::size_t memory::choose_visible(actor by, const location& at, bool ordered, bool for_update) {
  if (by.only_from == 0 && oldest_visible(at, by.view, ordered) + 1 == at.stores.size()) {
    return at.stores.size() - 1;
  }
  collect(by, at, ordered, for_update);
  const auto count = static_cast<unsigned>(visible_.size());
  return visible_[chooser_.choose(count, allowed(at, by.only_from))];
}

memory::reading memory::load(actor by, location& from, std::memory_order order) {
  const std::size_t chosen = choose_visible(by, from, is_ordered(order), false);
  return note_read(by, from, from.stores[chosen], order);
}

// Puts a store behind stores[index].
store_record& memory::insert(actor by, location& at, std::size_t index, std::uint64_t value,
                             std::memory_order order) {
  const bool last = index + 1 == at.stores.size();
  const std::uint64_t before = at.stores[index].position;
  const std::uint64_t position =
      last ? before + gap : std::midpoint(before, at.stores[index + 1].position);
  store_record fresh;
  fresh.position = position;
  fresh.value = truncated(value, at.size);
  fresh.first_use.fill(store_record::never);
  fresh.number = at.created++;
  fresh.writer = by.id;
  fresh.written = by.view.now(by.id);
  fresh.released = releases(order) ? by.view.knows : by.view.released;
  store_record& placed =
      *at.stores.insert(at.stores.begin() + static_cast<std::ptrdiff_t>(index) + 1, fresh);
  note_use(by, at, placed, is_ordered(order));
  placed.causes = by.view.causes;
  return placed;
}

void memory::store(actor by, location& to, std::uint64_t value, std::memory_order order) {
  const std::size_t last = to.stores.size() - 1;
  const std::size_t oldest = oldest_visible(to, by.view, is_ordered(order));
  unsigned count = 0;
  for (std::size_t i = last + 1; i-- > oldest;) count += to.stores[i].consumed ? 0 : 1;
  unsigned chosen = count > 1 ? chooser_.choose(count, ~std::uint64_t{0}) : 0;
  for (std::size_t i = last + 1; i-- > oldest;) {
    if (to.stores[i].consumed) continue;
    if (chosen-- != 0) continue;
    insert(by, to, i, value, order);
    return;
  }
}

memory::reading memory::update(actor by, location& at, update_kind kind, std::uint64_t operand,
                               std::memory_order order) {
  const std::size_t chosen = choose_visible(by, at, is_ordered(order), true);
  const std::uint64_t value = result_of(kind, at.stores[chosen].value, operand);
  return replace(by, at, chosen, value, order);
}

// What a compare-exchange may meet: a store to read and to replace, or one that makes it fail.
bool memory::may_meet(const location& at, std::size_t i, std::size_t oldest_ordered,
                      const comparison& with) noexcept {
  const store_record& met = at.stores[i];
  if (met.value == with.expected) return !met.consumed && i >= oldest_ordered;
  return i >= oldest_ordered || !is_ordered(with.failure);
}

memory::exchange_result memory::compare_exchange(actor by, location& at, const comparison& with) {
  const std::size_t last = at.stores.size() - 1;
  const bool ordered = is_ordered(with.success);
  const std::size_t oldest_ordered = oldest_visible(at, by.view, ordered);
  const std::size_t oldest = ordered ? oldest_visible(at, by.view, false) : oldest_ordered;
  unsigned count = 0;
  std::uint64_t allowed = 0;
  for (std::size_t i = last + 1; i-- > oldest;) {
    if (!may_meet(at, i, oldest_ordered, with)) continue;
    if (at.stores[i].number >= by.only_from) allowed |= std::uint64_t{1} << std::min(count, 63u);
    ++count;
  }
  if (with.may_fail) allowed |= std::uint64_t{1} << std::min(count, 63u);
  unsigned chosen = chooser_.choose(count + (with.may_fail ? 1 : 0), allowed);
  if (chosen == count) {  // the weak form fails for no reason
    return {note_read(by, at, at.stores[last], with.failure), false};
  }
  std::size_t index = last;
  for (std::size_t i = last + 1; i-- > oldest;) {
    if (!may_meet(at, i, oldest_ordered, with)) continue;
    index = i;
    if (chosen-- == 0) break;
  }
  if (at.stores[index].value != with.expected) {
    return {note_read(by, at, at.stores[index], with.failure), false};
  }
  return {replace(by, at, index, with.desired, with.success), true};
}

// Reads stores[index] and puts `value` right behind it.
memory::reading memory::replace(actor by, location& at, std::size_t index, std::uint64_t value,
                                std::memory_order order) {
  const knowledge sequence = at.stores[index].released;  // goes on through read-modify-writes
  const knowledge before = by.view.knows;
  const reading read = note_read(by, at, at.stores[index], order);
  at.stores[index].consumed = true;
  store_record& written = insert(by, at, index, value, std::memory_order_relaxed);
  if (releases(order)) written.released = before;
  written.released.join(sequence);
  if (is_ordered(order)) note_use(by, at, written, true);
  return read;
}

void memory::fence(actor by, std::memory_order order) {
  memory_view& view = by.view;
  if (acquires(order)) view.knows.join(view.acquirable);
  if (is_ordered(order)) {
    view.causes.join(fence_causes_);
    view.causes.join(access_causes_);
    fence_causes_ = view.causes;
    view.knows.seen.join(order_seen_);
    order_seen_.join(view.knows.seen);
    view.knows.order_prefix = order_length_++;
  }
  if (releases(order)) view.released = view.knows;
  flush(view);
}

void memory::reach(actor by, actor whom) {
  memory_view& view = whom.view;
  by.view.causes.join(view.causes);
  by.view.causes.join(fence_causes_);
  by.view.causes.join(access_causes_);
  fence_causes_ = by.view.causes;
  view.causes.join(by.view.causes);
  order_seen_.join(view.flushed);
  view.knows.seen.join(order_seen_);
  view.knows.order_prefix = order_length_++;
}

}  // namespace silk::model
