// Handles that were listed once or more, each of them once, in the order in which they first appear.
#pragma once

#include "../future.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace silk::detail {

template <class Handle>
future_core& core_of(const Handle& handle) {
  return future_access::state(static_cast<const future<typename Handle::value_type>&>(handle));
}

template <class Handle>
std::vector<Handle> without_duplicates(std::vector<Handle> handles) {
  std::vector<std::pair<future_core*, std::size_t>> order;
  order.reserve(handles.size());
  for (std::size_t i = 0; i < handles.size(); ++i) order.emplace_back(&core_of(handles[i]), i);
  std::ranges::sort(order);
  std::vector<bool> again(handles.size());
  for (std::size_t i = 1; i < order.size(); ++i) {
    again[order[i].second] = order[i].first == order[i - 1].first;
  }
  std::vector<Handle> unique;
  unique.reserve(handles.size());
  for (std::size_t i = 0; i < handles.size(); ++i) {
    if (!again[i]) unique.push_back(std::move(handles[i]));
  }
  return unique;
}

template <class Handle>
std::vector<future_core*> cores_of_handles(const std::vector<Handle>& handles) {
  std::vector<future_core*> all;
  all.reserve(handles.size());
  for (const Handle& handle : handles) all.push_back(&core_of(handle));
  return all;
}

}  // namespace silk::detail
