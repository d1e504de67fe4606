use harness::Sizes;
use rayon::prelude::*;

pub fn run(sizes: &Sizes) -> i64 {
    (0..sizes.get("iterations")).into_par_iter().map(|i| i ^ i >> 5).sum()
}
