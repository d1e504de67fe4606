//! The problems of the benchmarks with tokio.

mod channel;
mod hand_off;
mod lateness;
mod mutex;
mod skynet;
mod sleepers;
mod spawn_join;
mod spider;
mod timeout;
mod wake_up;
mod r#yield;

use harness::{refuse, Session, Sizes, Timed, Wish};
use std::future::Future;
use tokio::runtime::{Builder, Runtime};

/// Gives the sum of what so many tasks give, which run at the same time.
async fn sum_of<F>(tasks: i64, task: impl Fn(i64) -> F) -> i64
where
    F: Future<Output = i64> + Send + 'static,
{
    let handles: Vec<_> = (0..tasks).map(|i| tokio::spawn(task(i))).collect();
    let mut sum = 0;
    for handle in handles {
        sum += handle.await.expect("a task has panicked");
    }
    sum
}

/// The problem begins in a task: what runs in block_on itself is on a thread that is no worker.
fn measure<F>(session: Session, runtime: &Runtime, timed: Timed, problem: impl Fn(Sizes) -> F)
where
    F: Future<Output = i64> + Send + 'static,
{
    session.measure(timed, |sizes| {
        runtime.block_on(runtime.spawn(problem(sizes.clone()))).expect("the problem has panicked")
    })
}

fn main() {
    let session = Session::new(Wish::from_command_line());
    let (workers, late) = (session.workers(), session.late());
    let built = Builder::new_multi_thread().worker_threads(workers).enable_time().build();
    let runtime = built.expect("no runtime can be built");
    use Timed::{Lateness, Work};
    match session.problem().as_str() {
        "channel" => measure(session, &runtime, Work, channel::run),
        "hand_off" => measure(session, &runtime, Work, hand_off::run),
        "lateness" => {
            measure(session, &runtime, Lateness, move |sizes| lateness::run(sizes, workers, late))
        }
        "mutex" => measure(session, &runtime, Work, mutex::run),
        "skynet" => measure(session, &runtime, Work, skynet::run),
        "sleepers" => measure(session, &runtime, Work, move |sizes| sleepers::run(sizes, late)),
        "spawn_join" => measure(session, &runtime, Work, spawn_join::run),
        "spider" => measure(session, &runtime, Work, move |sizes| spider::run(sizes, late)),
        "timeout" => measure(session, &runtime, Work, timeout::run),
        "wake_up" => session.measure(Lateness, |sizes| wake_up::run(&runtime, sizes, late)),
        "yield" => measure(session, &runtime, Work, r#yield::run),
        other => refuse(&format!("tokio takes no part in '{other}'")),
    }
}
