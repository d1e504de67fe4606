use crate::sha1::{sha1, Digest};
use harness::Sizes;
use rayon::prelude::*;

struct Node {
    state: Digest,
    levels_below: i64,
}

impl Node {
    fn root(depth: i64) -> Self {
        let mut seed = [0; 20];
        seed[19] = 19;
        Node { state: sha1(&seed), levels_below: depth }
    }

    fn child(&self, number: u8) -> Self {
        let mut path = [0; 24];
        path[..20].copy_from_slice(&self.state);
        path[23] = number;
        Node { state: sha1(&path), levels_below: self.levels_below - 1 }
    }

    fn children(&self) -> u8 {
        if self.levels_below == 0 {
            return 0;
        }
        let [.., a, b, c, d] = self.state;
        let random = u32::from_be_bytes([a, b, c, d]) & 0x7fffffff;
        let uniform = f64::from(random) / 2147483648.0;
        let average = 4.0;
        let drawn = (1.0 - uniform).ln() / (1.0 - 1.0 / (1.0 + average) as f64).ln();
        drawn.min(100.0) as u8
    }
}

fn count(node: &Node) -> i64 {
    let children = (0..node.children()).into_par_iter().with_max_len(1);
    1 + children.map(|i| count(&node.child(i))).sum::<i64>()
}

pub fn run(sizes: &Sizes) -> i64 {
    count(&Node::root(sizes.get("depth")))
}
