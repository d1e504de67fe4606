// What an execution watches and tells: plain memory, the heap, the end, the trace.
#include "execution.hpp"
#include "symbols.hpp"

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace silk::model {

namespace {

constexpr std::array<const char*, 16> operation_names{
    "nothing", "load",  "store", "update",   "fence", "barrier", "lock",  "try_lock",
    "unlock",  "sleep", "wake",  "continue", "join",  "settle",  "yield", "spin"};

std::string place(std::string_view file, unsigned line) {
  const std::size_t slash = file.rfind('/');
  if (slash != std::string_view::npos) file.remove_prefix(slash + 1);
  return std::string(file) + ":" + std::to_string(line);
}

std::string place(const std::source_location& where) {
  return place(where.file_name(), where.line());
}

}  // namespace

// ---- the end ----

void execution::fail(std::string message, const void* address) {
  failure_ = std::move(message);
  fault_address_ = address;
  leave(ending::failed);
}

void execution::broken(const char* contract, const char* file, unsigned line) {
  in_thread_ = false;
  fail(std::string(contract) + " (" + place(file, line) + ", T" + std::to_string(current_) + ")");
}

std::string execution::describe(thread_id thread) const {
  const operation& at = threads_[thread].pending;
  std::string text = "T" + std::to_string(thread) + " at " + place(at.where) + " (" +
                     operation_names[static_cast<std::size_t>(at.kind)];
  if (at.object != nullptr) text += " of " + name_of(at.object);
  return text + ")";
}

void execution::stuck() {
  bool somebody_sleeps = false;
  bool somebody_spins = false;
  std::string who;
  for (std::size_t i = 0; i < thread_count_; ++i) {
    const virtual_thread& each = threads_[i];
    if (each.life != stage::live) continue;
    somebody_sleeps |= each.asleep;
    somebody_spins |= each.pending.kind == operation_kind::wait_for_change;
    who += "\n  " + describe(static_cast<thread_id>(i));
  }
  const char* what = somebody_spins    ? "livelock: all who are left spin or wait"
                     : somebody_sleeps ? "lost wake-up: all who are left sleep or wait"
                                       : "deadlock: all who are left wait";
  fail(what + who);
}

// ---- plain memory ----

void execution::report_access(const shadow::verdict& found, const void* address, const char* what,
                              const void* code) {
  const char* kind = found.fault == access_fault::freed        ? "use of freed memory: "
                     : found.fault == access_fault::write_race ? "data race with a write: "
                                                               : "data race with a read: ";
  fail(kind + std::string(what) + " by T" + std::to_string(current_) + " of " + name_of(address) +
           (code != nullptr ? " at " + place_of_code(code) : "") + ", the other by T" +
           std::to_string(found.other),
       address);
}

void execution::plain_access(const void* address, std::size_t size, bool writes, const void* code) {
  const inside in;  // the shadow allocates
  if (fibers_.is_local(address)) return;
  const vector_clock& known = me().view.knows.happened;
  if (tracing_ && watched_ != nullptr) {
    const auto distance =
        reinterpret_cast<std::uintptr_t>(watched_) - reinterpret_cast<std::uintptr_t>(address);
    if (distance < size) {
      trace_ += "       T" + std::to_string(current_) + "        plain " +
                (writes ? "write" : "read") + " of " + name_of(address) + " at " +
                place_of_code(code) + "\n";
    }
  }
  if (writes) {
    check(shadow_.write(address, size, current_, known), address, "write", code);
  } else {
    check(shadow_.read(address, size, current_, known), address, "read", code);
  }
}

void* execution::allocate(std::size_t size, std::size_t alignment) {
  void* block = rules_.is_warm_up ? std::aligned_alloc(64, (size + 64 + alignment) / 64 * 64)
                                  : arena_.allocate(size, alignment);
  if (block != nullptr) return block;
  in_thread_ = false;
  fail("the memory of one execution is used up");
}

void* execution::map(std::size_t size) {
  void* pages = arena_.map(size);
  if (pages != nullptr) return pages;
  in_thread_ = false;
  fail("the pages of one execution are used up");
}

void execution::release(void* block, const void* code) {
  const inside in;
  const std::size_t size = arena_.release(block);
  if (size == 0) fail("freed twice: " + name_of(block) + " at " + place_of_code(code), block);
  const vector_clock& known = me().view.knows.happened;
  check(shadow_.release(block, size, current_, known), block, "delete", code);
}

// Not a step: the order in which reference counts of the standard library change is not explored, only
// that what is done before one change happens before what follows the next.
void execution::foreign_atomic(const void* address) {
  const inside in;
  knowledge& met = meeting_point(address);
  memory_view& view = me().view;
  view.knows.join(met);
  met.join(view.knows);
  end();
}

// ---- the trace ----

void execution::set_tracing(bool on, const void* watched) noexcept {
  tracing_ = on;
  watched_ = watched;
}

void execution::name(const void* object, std::string text) {
  names_.emplace_back(object, std::move(text));
}

std::string execution::name_of(const void* object) const {
  for (const auto& [address, text] : names_) {
    if (address == object) return text;
  }
  const auto address = reinterpret_cast<std::uintptr_t>(object);
  const auto base = reinterpret_cast<std::uintptr_t>(arena_.base());
  const bool in_arena = arena_.owns(object);
  std::uintptr_t value = in_arena ? address - base : address;
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  do {
    text.insert(text.begin(), digits[value % 16]);
    value /= 16;
  } while (value != 0);
  return (in_arena ? "@" : "0x") + text;
}

void execution::trace_step(const operation& step, const std::string& details) {
  const moment now = me().view.now(current_);
  std::string line = std::to_string(steps_);
  line.insert(0, line.size() < 5 ? 5 - line.size() : 0, ' ');
  line += "  T" + std::to_string(current_) + "." + std::to_string(now);
  line.resize(std::max<std::size_t>(line.size(), 14), ' ');
  line += "  " + place(step.where);
  line.resize(std::max<std::size_t>(line.size(), 38), ' ');
  line += std::string(" ") + operation_names[static_cast<std::size_t>(step.kind)];
  if (step.object != nullptr) line += " " + name_of(step.object);
  if (!details.empty()) line += " " + details;
  trace_ += line + "\n";
}

}  // namespace silk::model
