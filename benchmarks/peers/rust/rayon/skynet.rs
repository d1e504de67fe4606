use harness::Sizes;
use rayon::prelude::*;

/// The leaves from `first` on.
fn skynet(first: i64, leaves: i64) -> i64 {
    if leaves == 1 {
        return first;
    }
    let part = leaves / 10;
    let children = (0..10_i32).into_par_iter().with_max_len(1);
    children.map(|i| skynet(first + i64::from(i) * part, part)).sum()
}

pub fn run(sizes: &Sizes) -> i64 {
    skynet(0, sizes.get("leaves"))
}
