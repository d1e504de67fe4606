use crate::sum_of;
use harness::Sizes;
use std::{future::Future, pin::Pin};

type Task = Pin<Box<dyn Future<Output = i64> + Send>>; // boxed, since it holds tasks of its kind

/// The leaves from `first` on.
fn skynet(first: i64, leaves: i64) -> Task {
    Box::pin(async move {
        let part = leaves / 10;
        match leaves {
            1 => first,
            _ => sum_of(10, |i| skynet(first + i * part, part)).await,
        }
    })
}

pub async fn run(sizes: Sizes) -> i64 {
    skynet(0, sizes.get("leaves")).await
}
