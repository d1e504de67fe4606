use crate::sum_of;
use harness::{Histogram, Sizes};
use std::time::{Duration, Instant};
use tokio::task::yield_now;
use tokio::time::sleep_until;

fn nap(sleeper: i64, turn: i64) -> Duration {
    Duration::from_micros((1_000 + (sleeper * 7_919 + turn * 31) % 1_900 * 10) as u64)
}

async fn sleep(sleeper: i64, turns: i64, late: &'static Histogram) -> i64 {
    for turn in 0..turns {
        let deadline = Instant::now() + nap(sleeper, turn);
        sleep_until(deadline.into()).await;
        late.add(deadline, Instant::now());
    }
    turns
}

async fn compute(time: Duration) {
    loop {
        let end = Instant::now() + time;
        while Instant::now() < end {}
        yield_now().await;
    }
}

pub async fn run(sizes: Sizes, workers: usize, late: &'static Histogram) -> i64 {
    let busy_time = Duration::from_micros(sizes.get("busy_us") as u64);
    let busy_tasks = sizes.get("busy_per_worker") * workers as i64;
    let load: Vec<_> = (0..busy_tasks).map(|_| tokio::spawn(compute(busy_time))).collect();
    let turns = sizes.get("turns");
    let sleeps = sum_of(sizes.get("sleepers"), |i| sleep(i, turns, late)).await;
    for each in load {
        each.abort();
        each.await.expect_err("only an abort ends it");
    }
    sleeps
}
