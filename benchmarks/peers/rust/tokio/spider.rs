use crate::sum_of;
use harness::{Histogram, Sizes};
use std::time::{Duration, Instant};
use tokio::time::sleep_until;

async fn visit(pages: i64, delay: Duration, late: &'static Histogram) -> i64 {
    let mut time = Instant::now();
    for _ in 0..pages {
        time += delay;
        sleep_until(time.into()).await;
        let now = Instant::now();
        late.add(time, now);
        time = now;
    }
    pages
}

pub async fn run(sizes: Sizes, late: &'static Histogram) -> i64 {
    let pages = sizes.get("pages");
    let delay = Duration::from_millis(sizes.get("delay_ms") as u64);
    sum_of(sizes.get("sites"), |_| visit(pages, delay, late)).await
}
