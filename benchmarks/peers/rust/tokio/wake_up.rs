use harness::{Histogram, Sizes};
use std::time::{Duration, Instant};
use tokio::{runtime::Runtime, sync::oneshot};

/// Runs on a thread that is no worker.
pub fn run(runtime: &Runtime, sizes: &Sizes, late: &Histogram) -> i64 {
    let calls = sizes.get("calls");
    let idle = Duration::from_micros(sizes.get("idle_us") as u64);
    for _ in 0..calls {
        let (call, called) = oneshot::channel();
        let waiting = runtime.spawn(async {
            let called = called.await.expect("nobody has called");
            (called, Instant::now())
        });
        std::thread::sleep(idle);
        call.send(Instant::now()).expect("nobody waits");
        let (called, woken) = runtime.block_on(waiting).expect("the task has panicked");
        late.add(called, woken);
    }
    calls
}
