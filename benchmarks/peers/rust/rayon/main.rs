//! The problems of the benchmarks with rayon.

mod fib;
mod r#loop;
mod matmul;
mod nqueens;
mod sha1;
mod skynet;
mod spawn_join;
mod uts;
mod wake_up;

use harness::{refuse, Session, Sizes, Timed, Wish};
use rayon::{ThreadPool, ThreadPoolBuilder};

fn measure(session: Session, pool: &ThreadPool, problem: impl Fn(&Sizes) -> i64 + Sync) {
    session.measure(Timed::Work, |sizes| pool.install(|| problem(sizes)))
}

fn main() {
    let session = Session::new(Wish::from_command_line());
    let built = ThreadPoolBuilder::new().num_threads(session.workers()).build();
    let pool = built.expect("no pool can be built");
    match session.problem().as_str() {
        "fib" => measure(session, &pool, fib::run),
        "loop" => measure(session, &pool, r#loop::run),
        "matmul" => matmul::measure(session, &pool),
        "nqueens" => measure(session, &pool, nqueens::run),
        "skynet" => measure(session, &pool, skynet::run),
        "spawn_join" => measure(session, &pool, spawn_join::run),
        "uts" => measure(session, &pool, uts::run),
        "wake_up" => wake_up::measure(session, &pool),
        other => refuse(&format!("rayon takes no part in '{other}'")),
    }
}
