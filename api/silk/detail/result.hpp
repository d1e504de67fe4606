// Where a coroutine's outcome lands: raw storage plus one byte, kept by whoever receives it.
#pragma once

#include "../errors.hpp"

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <variant>

namespace silk::detail {

enum class outcome : std::uint8_t {
  none,
  value,
  error,
  cancelled,  // a `cancelled` came out of the coroutine; kept as the error, with its reason
  skipped,    // cancelled before it ran, or after it had ended unseen: no error is kept
};

constexpr bool is_cancelled(outcome held) noexcept {
  return held == outcome::cancelled || held == outcome::skipped;
}

// T for values, one empty type for void: so that storage needs no special case.
template <class T>
using stored = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

template <class T>
inline constexpr bool is_task_value =
    std::is_void_v<T> ||
    (std::is_object_v<T> && !std::is_array_v<T> && std::is_same_v<T, std::remove_cv_t<T>>);

// What frames have, whatever is in them: the frame pool's memory, and GCC 12 aligns no variable of a
// coroutine beyond that.
inline constexpr std::size_t frame_alignment = 16;

// Room in which a value can be shifted to the alignment that it asks for.
template <class T>
struct wide_room {
  T* place() noexcept {
    void* at = bytes;
    std::size_t size = sizeof bytes;
    return static_cast<T*>(std::align(alignof(T), sizeof(T), at, size));
  }
  alignas(frame_alignment) std::byte bytes[sizeof(T) + alignof(T) - frame_alignment];
};

// A union whose discriminant is the `outcome` kept beside it by the owner, who also calls destroy.
template <class T>
class result {
 public:
  result() noexcept {}
  ~result() {}
  result(const result&) = delete;
  result& operator=(const result&) = delete;

  template <class... Args>
  void emplace(Args&&... args) {
    std::construct_at(place(), std::forward<Args>(args)...);
  }
  void fail(std::exception_ptr error) noexcept {
    std::construct_at(std::addressof(error_), std::move(error));
  }
  void destroy(outcome held) noexcept {
    if (held == outcome::value) {
      std::destroy_at(std::addressof(value()));
    } else if (held == outcome::error || held == outcome::cancelled) {
      std::destroy_at(std::addressof(error_));
    }
  }

  stored<T>& value() noexcept { return *std::launder(place()); }
  const std::exception_ptr& error() const noexcept { return error_; }

 private:
  static constexpr bool is_wide = alignof(stored<T>) > frame_alignment;

  stored<T>* place() noexcept {
    if constexpr (is_wide) {
      return value_.place();
    } else {
      return std::addressof(value_);
    }
  }

  union {
    std::conditional_t<is_wide, wide_room<stored<T>>, stored<T>> value_;
    std::exception_ptr error_;
  };
};

// Whether the exception being handled is a `cancelled`.
bool handling_cancelled() noexcept;
// `error` or `cancelled`.
outcome outcome_of(const std::exception_ptr& error) noexcept;

}  // namespace silk::detail
