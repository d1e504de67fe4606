use crate::sum_of;
use harness::{Histogram, Sizes};
use std::time::{Duration, Instant};
use tokio::time::sleep_until;

async fn sleep(until: Instant, late: &'static Histogram) -> i64 {
    sleep_until(until.into()).await;
    late.add(until, Instant::now());
    1
}

pub async fn run(sizes: Sizes, late: &'static Histogram) -> i64 {
    let first = Instant::now() + Duration::from_millis(sizes.get("at_least_ms") as u64);
    let nap = |i| Duration::from_micros((i * 7_919 % 5_000 * 10) as u64);
    sum_of(sizes.get("tasks"), |i| sleep(first + nap(i), late)).await
}
