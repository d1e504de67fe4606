//! What every program here does: read the command line, time the work, check the answer, count
//! allocations and memory, and print one line of JSON, as the programs in C++ do.

mod allocations;
mod histogram;
mod sizes;

pub use histogram::Histogram;
pub use sizes::{refuse, Sizes, Wish};

use std::time::{Duration, Instant};

#[global_allocator]
static ALLOCATOR: allocations::Counting = allocations::Counting;

/// What is told as the time of a repetition.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Timed {
    Work,
    /// How late things were, added up, since waits that are nobody's fault lie in between.
    Lateness,
}

/// One run of one problem.
pub struct Session {
    wish: Wish,
    late: &'static Histogram,
    resident_at_first_kib: i64,
    seconds: Vec<f64>,
    elapsed: Duration,
    cpu_s: f64,
    allocations: u64,
}

impl Session {
    pub fn new(wish: Wish) -> Self {
        Session {
            wish,
            late: Box::leak(Box::default()),
            resident_at_first_kib: peak_kib(),
            seconds: Vec::new(),
            elapsed: Duration::ZERO,
            cpu_s: 0.0,
            allocations: 0,
        }
    }

    pub fn workers(&self) -> usize {
        self.wish.workers
    }

    pub fn late(&self) -> &'static Histogram {
        self.late
    }

    pub fn problem(&self) -> String {
        self.wish.problem.clone()
    }

    /// Measures work that gives the answer.
    pub fn measure(self, timed: Timed, work: impl Fn(&Sizes) -> i64) {
        let is_right = |_: &(), sizes: &Sizes, answer| answer == sizes.get("answer");
        self.measure_prepared(timed, |_| (), |_, sizes| work(sizes), is_right)
    }

    /// Warms up with the small sizes, then does the work until it was done often or long enough. What
    /// `prepare` and `is_right` do is not timed.
    pub fn measure_prepared<P, A>(
        mut self,
        timed: Timed,
        prepare: impl Fn(&Sizes) -> P,
        work: impl Fn(&mut P, &Sizes) -> A,
        is_right: impl Fn(&P, &Sizes, A) -> bool,
    ) {
        let repeat = |session: &mut Self, sizes: &Sizes| {
            let mut prepared = prepare(sizes);
            let answer = session.time(timed, || work(&mut prepared, sizes));
            if !is_right(&prepared, sizes, answer) {
                eprintln!("{}: wrong answer", session.wish.variant);
                std::process::exit(1);
            }
        };
        let (warm_up, sizes) = (self.wish.warm_up.clone(), self.wish.sizes.clone());
        repeat(&mut self, &warm_up);
        self.forget();
        while self.wants_more() {
            repeat(&mut self, &sizes);
        }
        self.print();
    }

    fn time<A>(&mut self, timed: Timed, work: impl FnOnce() -> A) -> A {
        let late_before = self.late.total();
        let (cpu_before, allocations_before) = (cpu_s(), allocations::calls());
        let began = Instant::now();
        let answer = work();
        let took = began.elapsed();
        self.cpu_s += cpu_s() - cpu_before;
        self.allocations += allocations::calls() - allocations_before;
        self.elapsed += took;
        self.seconds.push(match timed {
            Timed::Work => took.as_secs_f64(),
            Timed::Lateness => (self.late.total() - late_before).as_secs_f64(),
        });
        answer
    }

    fn forget(&mut self) {
        (self.seconds, self.elapsed) = (Vec::new(), Duration::ZERO);
        (self.cpu_s, self.allocations) = (0.0, 0);
        self.late.clear();
    }

    fn wants_more(&self) -> bool {
        let enough = self.elapsed.as_secs_f64() >= self.wish.enough_s;
        self.seconds.is_empty() || (self.seconds.len() < self.wish.repetitions && !enough)
    }

    fn print(&self) {
        let repetitions = self.seconds.len() as f64;
        let operations = self.wish.sizes.get("operations");
        let resident_kib = peak_kib();
        let grown_bytes = (resident_kib - self.resident_at_first_kib) as f64 * 1024.0;
        let mut fields = vec![
            format!(r#""variant": "{}""#, self.wish.variant),
            format!(r#""workers": {}"#, self.wish.workers),
            format!(r#""operations": {operations}"#),
            format!(r#""seconds": {:?}"#, self.seconds),
            format!(r#""cpu_s": {:?}"#, self.cpu_s / repetitions),
            format!(
                r#""allocations_per_operation": {:?}"#,
                self.allocations as f64 / (operations as f64 * repetitions)
            ),
            format!(r#""max_rss_kib": {resident_kib}"#),
            format!(r#""bytes_per_operation": {:?}"#, grown_bytes / operations as f64),
        ];
        let buckets = self.late.buckets();
        if !buckets.is_empty() {
            let pairs: Vec<String> = buckets
                .iter()
                .map(|(upper_us, count)| format!("[{upper_us:?}, {count}]"))
                .collect();
            fields.push(format!(r#""late_us": [{}]"#, pairs.join(", ")));
            fields.push(format!(r#""early": {}"#, self.late.early()));
        }
        println!("{{{}}}", fields.join(", "));
    }
}

/// Processor time of all threads.
fn cpu_s() -> f64 {
    // SAFETY: all zeros is a rusage, and getrusage writes to nothing else.
    let used = unsafe {
        let mut used: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &mut used);
        used
    };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    seconds(used.ru_utime) + seconds(used.ru_stime)
}

/// The most memory that was resident so far.
fn peak_kib() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
