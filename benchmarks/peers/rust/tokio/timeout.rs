use crate::sum_of;
use harness::Sizes;
use std::time::Duration;
use tokio::{task::yield_now, time::timeout};

async fn one() -> i64 {
    1
}

async fn one_later() -> i64 {
    yield_now().await;
    1
}

async fn alone(turns: i64, limit: Duration) -> i64 {
    let mut sum = 0;
    for _ in 0..turns {
        sum += timeout(limit, one()).await.unwrap_or(0);
    }
    sum
}

async fn among_others(turns: i64, limit: Duration) -> i64 {
    let mut sum = 0;
    for _ in 0..turns {
        sum += timeout(limit, one_later()).await.unwrap_or(0);
    }
    sum
}

pub async fn run(sizes: Sizes) -> i64 {
    let (tasks, turns) = (sizes.get("tasks"), sizes.get("turns"));
    let limit = Duration::from_secs(sizes.get("limit_s") as u64);
    match tasks {
        1 => alone(turns, limit).await,
        _ => sum_of(tasks, |_| among_others(turns, limit)).await,
    }
}
