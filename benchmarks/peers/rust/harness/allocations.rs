//! Counts the calls of the allocator. Each thread has a counter of its own: counting must not make
//! the threads meet.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

pub const THREAD_SLOTS: usize = 64; // more threads than that share some

#[repr(align(128))]
struct Counter(AtomicU64);

static CALLS: [Counter; THREAD_SLOTS] = {
    #[allow(clippy::declare_interior_mutable_const)] // each element is a counter of its own
    const ZERO: Counter = Counter(AtomicU64::new(0));
    [ZERO; THREAD_SLOTS]
};

pub fn this_thread_slot() -> usize {
    const NONE: usize = usize::MAX;
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    thread_local!(static MINE: Cell<usize> = const { Cell::new(NONE) });
    MINE.with(|mine| {
        if mine.get() == NONE {
            mine.set(THREADS.fetch_add(1, Relaxed) % THREAD_SLOTS);
        }
        mine.get()
    })
}

/// So far, by all threads.
pub fn calls() -> u64 {
    CALLS.iter().map(|each| each.0.load(Relaxed)).sum()
}

pub struct Counting;

// SAFETY: the system's allocator does the work.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS[this_thread_slot()].0.fetch_add(1, Relaxed);
        System.alloc(layout)
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        System.dealloc(memory, layout)
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        CALLS[this_thread_slot()].0.fetch_add(1, Relaxed);
        System.realloc(memory, layout, bytes)
    }
}
