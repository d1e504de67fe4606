use harness::Sizes;

fn fib(n: i64) -> i64 {
    if n < 2 {
        return n;
    }
    let (a, b) = rayon::join(|| fib(n - 1), || fib(n - 2));
    a + b
}

pub fn run(sizes: &Sizes) -> i64 {
    fib(sizes.get("n"))
}
