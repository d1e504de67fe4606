use crate::sum_of;
use harness::Sizes;
use tokio::sync::mpsc::{channel, Receiver, Sender};

/// Gives the ball back as soon as it comes, one higher.
async fn player(mut from: Receiver<i64>, to: Sender<i64>) {
    while let Some(ball) = from.recv().await {
        to.send(ball + 1).await.expect("nobody there");
    }
}

async fn pair(rounds: i64) -> i64 {
    let (there, from) = channel(1);
    let (to, mut back) = channel(1);
    let other = tokio::spawn(player(from, to));
    let mut number = 0;
    for _ in 0..rounds {
        there.send(number + 1).await.expect("nobody there");
        number = back.recv().await.expect("nobody there");
    }
    drop(there);
    other.await.expect("the other has panicked");
    number
}

pub async fn run(sizes: Sizes) -> i64 {
    let rounds = sizes.get("rounds");
    sum_of(sizes.get("pairs"), |_| pair(rounds)).await
}
