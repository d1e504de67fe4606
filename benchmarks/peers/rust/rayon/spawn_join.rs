use harness::Sizes;

fn one_at_a_time(tasks: i64) -> i64 {
    let mut sum = 0;
    for i in 0..tasks {
        let mut number = 0;
        rayon::scope(|scope| scope.spawn(|_| number = i));
        sum += number;
    }
    sum
}

fn all_at_once(tasks: i64) -> i64 {
    let mut numbers = vec![0; tasks as usize];
    rayon::scope(|scope| {
        for (to, i) in numbers.iter_mut().zip(0..) {
            scope.spawn(move |_| *to = i);
        }
    });
    numbers.iter().sum()
}

pub fn run(sizes: &Sizes) -> i64 {
    match sizes.get("at_once") {
        0 => one_at_a_time(sizes.get("tasks")),
        _ => all_at_once(sizes.get("tasks")),
    }
}
