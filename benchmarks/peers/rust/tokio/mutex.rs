use crate::sum_of;
use harness::Sizes;
use std::sync::Arc;
use tokio::sync::Mutex;

async fn count(number: Arc<Mutex<i64>>, turns: i64) -> i64 {
    for _ in 0..turns {
        *number.lock().await += 1;
    }
    0
}

pub async fn run(sizes: Sizes) -> i64 {
    let number = Arc::new(Mutex::new(0));
    let turns = sizes.get("turns");
    sum_of(sizes.get("tasks"), |_| count(number.clone(), turns)).await;
    let counted = *number.lock().await;
    counted
}
