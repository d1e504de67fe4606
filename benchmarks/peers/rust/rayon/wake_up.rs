//! A task of rayon cannot wait: the call starts it.

use harness::{Session, Timed};
use rayon::ThreadPool;
use std::time::{Duration, Instant};

pub fn measure(session: Session, pool: &ThreadPool) {
    let late = session.late();
    session.measure(Timed::Lateness, |sizes| {
        let calls = sizes.get("calls");
        let idle = Duration::from_micros(sizes.get("idle_us") as u64);
        for _ in 0..calls {
            let (answer, woken) = std::sync::mpsc::channel();
            std::thread::sleep(idle);
            let called = Instant::now();
            pool.spawn(move || answer.send(Instant::now()).expect("nobody waits"));
            late.add(called, woken.recv().expect("no answer"));
        }
        calls
    })
}
