use crate::sum_of;
use harness::Sizes;
use tokio::task::yield_now;

async fn gives_way(turns: i64) -> i64 {
    for _ in 0..turns {
        yield_now().await;
    }
    turns
}

pub async fn run(sizes: Sizes) -> i64 {
    let turns = sizes.get("turns");
    sum_of(sizes.get("tasks"), |_| gives_way(turns)).await
}
