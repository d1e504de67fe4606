use crate::sum_of;
use harness::Sizes;
use tokio::sync::oneshot::{channel, Receiver, Sender};

type Promises = Vec<Sender<i64>>;
type Futures = Vec<Receiver<i64>>;

/// Gives the ball back as soon as it comes, one higher.
async fn player(from: Futures, to: Promises) {
    for (from, to) in from.into_iter().zip(to) {
        let ball = from.await.expect("nobody there");
        to.send(ball + 1).expect("nobody there");
    }
}

async fn pair(rounds: i64) -> i64 {
    let promises = || -> (Promises, Futures) { (0..rounds).map(|_| channel()).unzip() };
    let (there, from) = promises();
    let (to, back) = promises();
    let other = tokio::spawn(player(from, to));
    let mut number = 0;
    for (there, back) in there.into_iter().zip(back) {
        there.send(number + 1).expect("nobody there");
        number = back.await.expect("nobody there");
    }
    other.await.expect("the other has panicked");
    number
}

pub async fn run(sizes: Sizes) -> i64 {
    let rounds = sizes.get("rounds");
    sum_of(sizes.get("pairs"), |_| pair(rounds)).await
}
