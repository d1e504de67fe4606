// queue_store: where a queue keeps its items, and in which order they come out.
//
// An item lives in a node of its own, which its producer makes before it takes the queue's lock and its
// consumer frees after it has let it go: under the lock only pointers change, and nothing is allocated
// there. docs/decisions/007-queues.md
//
// A Store has push, pop (not when empty), erase of a node that is in it, all [holder] of the queue's lock;
// take_all, which gives the nodes in no particular order; and destroy_all for them.
#pragma once

#include "engine.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

namespace silk::detail {

// Memory for one Node, until one is made in it.
template <class Node>
class node_memory {
  static constexpr bool pooled = alignof(Node) <= 16;

 public:
  node_memory() : memory_(allocate()) {}
  node_memory(const node_memory&) = delete;
  node_memory& operator=(const node_memory&) = delete;
  ~node_memory() {
    if (memory_ != nullptr) deallocate(memory_);
  }

  template <class... Args>
  Node& make(Args&&... args) {
    Node* const made = ::new (memory_) Node(std::forward<Args>(args)...);
    memory_ = nullptr;
    return *made;
  }

  static void destroy(Node* node) noexcept {
    node->~Node();
    deallocate(node);
  }

 private:
  static void* allocate() {
    if constexpr (pooled) return engine::allocate_frame(sizeof(Node));
    return ::operator new(sizeof(Node), std::align_val_t(alignof(Node)));
  }
  static void deallocate(void* memory) noexcept {
    if constexpr (pooled) return engine::deallocate_frame(memory, sizeof(Node));
    return ::operator delete(memory, std::align_val_t(alignof(Node)));
  }

  void* memory_;
};

struct destroy_node {
  template <class Node>
  void operator()(Node* node) const noexcept {
    node_memory<Node>::destroy(node);
  }
};

template <class T>
struct list_node {
  template <class... Args>
  explicit list_node(std::in_place_t, Args&&... args) : value(std::forward<Args>(args)...) {}

  list_node* previous = nullptr;
  list_node* next = nullptr;
  list_node** known_as = nullptr;  // of the putter that does not know yet that it is stored
  T value;
};

enum class list_end : std::uint8_t { oldest, newest };

// First in, first out when it gives the oldest; last in, first out when it gives the newest.
template <class T, list_end Gives>
class list_store {
 public:
  using node = list_node<T>;

  void push(node& n) noexcept {
    n.previous = newest_;
    n.next = nullptr;
    (newest_ != nullptr ? newest_->next : oldest_) = &n;
    newest_ = &n;
  }
  node& pop() noexcept {
    node& n = *(Gives == list_end::oldest ? oldest_ : newest_);
    erase(n);
    return n;
  }
  void erase(node& n) noexcept {
    (n.previous != nullptr ? n.previous->next : oldest_) = n.next;
    (n.next != nullptr ? n.next->previous : newest_) = n.previous;
  }
  node* take_all() noexcept {
    newest_ = nullptr;
    return std::exchange(oldest_, nullptr);
  }
  static void destroy_all(node* n) noexcept {
    while (n != nullptr) node_memory<node>::destroy(std::exchange(n, n->next));
  }

 private:
  node* oldest_ = nullptr;
  node* newest_ = nullptr;
};

template <class T>
struct heap_node {
  template <class... Args>
  explicit heap_node(std::in_place_t, Args&&... args) : value(std::forward<Args>(args)...) {}

  heap_node* previous = nullptr;  // the elder sibling, or the parent of the eldest
  heap_node* next = nullptr;      // the younger sibling
  heap_node* child = nullptr;     // the eldest
  heap_node** known_as = nullptr;
  std::uint64_t number = 0;  // equals come out in the order in which they went in
  T value;
};

// Smallest first: a pairing heap (Fredman, Sedgewick, Sleator, Tarjan, 1986). Push is one comparison,
// pop and erase are O(log n) amortised, and none of them needs memory.
template <class T, class Compare>
class heap_store {
 public:
  using node = heap_node<T>;

  heap_store() = default;
  explicit heap_store(Compare less) noexcept : less_(std::move(less)) {}

  void push(node& n) noexcept {
    n.previous = n.next = n.child = nullptr;
    n.number = pushed_++;
    root_ = meld(root_, &n);
  }
  node& pop() noexcept {
    node& n = *root_;
    root_ = meld_siblings(n.child);
    return n;
  }
  void erase(node& n) noexcept {
    if (&n == root_) return static_cast<void>(pop());
    (n.previous->child == &n ? n.previous->child : n.previous->next) = n.next;
    if (n.next != nullptr) n.next->previous = n.previous;
    root_ = meld(root_, meld_siblings(n.child));
  }
  node* take_all() noexcept { return std::exchange(root_, nullptr); }
  // Children are put at the end of the siblings that are to be destroyed: no stack, however deep.
  static void destroy_all(node* n) noexcept {
    for (node* last = n; n != nullptr; node_memory<node>::destroy(std::exchange(n, n->next))) {
      last->next = n->child;
      while (last->next != nullptr) last = last->next;
    }
  }

 private:
  bool comes_before(const node& a, const node& b) const noexcept {
    if (less_(a.value, b.value)) return true;
    return !less_(b.value, a.value) && a.number < b.number;
  }
  // Of two roots, or none, one.
  node* meld(node* a, node* b) const noexcept {
    if (a == nullptr) return b;
    if (b == nullptr) return a;
    if (comes_before(*b, *a)) std::swap(a, b);
    b->previous = a;
    b->next = a->child;
    if (b->next != nullptr) b->next->previous = b;
    a->child = b;
    a->previous = a->next = nullptr;
    return a;
  }
  // Pairs from the eldest on, then all pairs from the youngest back.
  node* meld_siblings(node* eldest) const noexcept {
    node* pairs = nullptr;  // by `previous`
    while (eldest != nullptr) {
      node* const a = eldest;
      node* const b = a->next;
      eldest = b != nullptr ? b->next : nullptr;
      a->next = nullptr;
      if (b != nullptr) b->next = nullptr;
      node* const pair = meld(a, b);
      pair->previous = pairs;
      pairs = pair;
    }
    node* root = nullptr;
    while (pairs != nullptr) {
      node* const pair = std::exchange(pairs, pairs->previous);
      pair->previous = nullptr;
      root = meld(root, pair);
    }
    return root;
  }

  node* root_ = nullptr;
  std::uint64_t pushed_ = 0;
  [[no_unique_address]] Compare less_{};
};

}  // namespace silk::detail
