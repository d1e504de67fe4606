//! How late things were. A bucket is an eighth of a power of two wide.

use crate::allocations::{this_thread_slot, THREAD_SLOTS};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

const BUCKETS: usize = 512;

#[repr(align(128))]
struct Part {
    buckets: [AtomicU64; BUCKETS],
    total: AtomicU64,
    early: AtomicU64,
}

pub struct Histogram(Vec<Part>); // one for each thread

impl Default for Histogram {
    fn default() -> Self {
        let zeros = || Part {
            buckets: std::array::from_fn(|_| AtomicU64::new(0)),
            total: AtomicU64::new(0),
            early: AtomicU64::new(0),
        };
        Histogram((0..THREAD_SLOTS).map(|_| zeros()).collect())
    }
}

impl Histogram {
    /// Adds by how much `now` is after `deadline`.
    pub fn add(&self, deadline: Instant, now: Instant) {
        let ns = now.saturating_duration_since(deadline).as_nanos() as u64;
        let mine = &self.0[this_thread_slot()];
        mine.buckets[bucket_of(ns)].fetch_add(1, Relaxed);
        mine.total.fetch_add(ns, Relaxed);
        if now < deadline {
            mine.early.fetch_add(1, Relaxed);
        }
    }

    pub fn clear(&self) {
        for part in &self.0 {
            part.buckets.iter().for_each(|bucket| bucket.store(0, Relaxed));
            part.total.store(0, Relaxed);
            part.early.store(0, Relaxed);
        }
    }

    pub fn count(&self) -> i64 {
        (0..BUCKETS).map(|bucket| self.count_in(bucket)).sum::<u64>() as i64
    }

    pub fn early(&self) -> u64 {
        self.0.iter().map(|part| part.early.load(Relaxed)).sum()
    }

    pub fn total(&self) -> Duration {
        Duration::from_nanos(self.0.iter().map(|part| part.total.load(Relaxed)).sum())
    }

    /// Pairs of an upper bound in microseconds and the count of values up to it.
    pub fn buckets(&self) -> Vec<(f64, u64)> {
        (0..BUCKETS)
            .map(|bucket| (upper_ns(bucket) as f64 / 1e3, self.count_in(bucket)))
            .filter(|(_, count)| *count != 0)
            .collect()
    }

    fn count_in(&self, bucket: usize) -> u64 {
        self.0.iter().map(|part| part.buckets[bucket].load(Relaxed)).sum()
    }
}

// Values below 8 have a bucket each; then the three bits after the first one choose among eight.
fn bucket_of(ns: u64) -> usize {
    if ns < 8 {
        return ns as usize;
    }
    let shift = (u64::BITS - ns.leading_zeros()) as usize - 4;
    (shift * 8 + (ns >> shift) as usize).min(BUCKETS - 1)
}

fn upper_ns(bucket: usize) -> u64 {
    match bucket {
        0..=7 => bucket as u64,
        _ => ((8 + bucket as u64 % 8 + 1) << (bucket / 8 - 1)) - 1,
    }
}
