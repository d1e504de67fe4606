use crate::sum_of;
use harness::Sizes;

async fn give(number: i64) -> i64 {
    number
}

async fn one_at_a_time(tasks: i64) -> i64 {
    let mut sum = 0;
    for i in 0..tasks {
        sum += tokio::spawn(give(i)).await.expect("a task has panicked");
    }
    sum
}

pub async fn run(sizes: Sizes) -> i64 {
    let tasks = sizes.get("tasks");
    match sizes.get("at_once") {
        0 => one_at_a_time(tasks).await,
        _ => sum_of(tasks, give).await,
    }
}
