use harness::{Session, Sizes, Timed};
use rayon::ThreadPool;

/// A square part of a matrix.
#[derive(Clone, Copy)]
struct Square {
    first: *mut f32,
    rows: usize,
    row_length: usize, // of the whole matrix
}

// SAFETY: tasks at the same time write to quarters that share no number.
unsafe impl Send for Square {}
unsafe impl Sync for Square {}

impl Square {
    fn whole(numbers: &mut [f32], rows: usize) -> Self {
        Square { first: numbers.as_mut_ptr(), rows, row_length: rows }
    }

    fn row(&self, i: usize) -> *mut f32 {
        // SAFETY: the row is one of this part, or the first of its lower half.
        unsafe { self.first.add(i * self.row_length) }
    }

    fn quarter(&self, down: usize, right: usize) -> Self {
        let half = self.rows / 2;
        // SAFETY: as above, and half is within the row.
        Square { first: unsafe { self.row(down * half).add(right * half) }, rows: half, ..*self }
    }
}

/// c += a * b
#[derive(Clone, Copy)]
struct Product {
    a: Square,
    b: Square,
    c: Square,
}

impl Product {
    /// One of those that make up the quarter of c that is so far down and so far right.
    fn part(&self, down: usize, right: usize, inner: usize) -> Self {
        Product {
            a: self.a.quarter(down, inner),
            b: self.b.quarter(inner, right),
            c: self.c.quarter(down, right),
        }
    }

    fn multiply(&self) {
        if self.c.rows <= 64 {
            return self.compute();
        }
        for inner in 0..2 {
            let part = |down, right| move || self.part(down, right, inner).multiply();
            rayon::join(
                || rayon::join(part(0, 0), part(0, 1)),
                || rayon::join(part(1, 0), part(1, 1)),
            );
        }
    }

    fn compute(&self) {
        let rows = self.c.rows;
        // SAFETY: the rows are those of the parts, and nobody else writes to this part of c.
        let row = |of: &Square, i| unsafe { std::slice::from_raw_parts(of.row(i), rows) };
        for i in 0..rows {
            // SAFETY: as above.
            let to = unsafe { std::slice::from_raw_parts_mut(self.c.row(i), rows) };
            for (k, factor) in row(&self.a, i).iter().enumerate() {
                for (to, from) in to.iter_mut().zip(row(&self.b, k)) {
                    *to += factor * from;
                }
            }
        }
    }
}

struct Matrices {
    a: Vec<f32>,
    b: Vec<f32>,
    c: Vec<f32>,
    rows: usize,
}

impl Matrices {
    /// Small whole numbers, so that a product has no rounding.
    fn new(sizes: &Sizes) -> Self {
        let rows = sizes.get("rows") as usize;
        let filled = |number: fn(usize, usize) -> usize| {
            (0..rows * rows).map(|at| number(at / rows, at % rows) as f32).collect()
        };
        Matrices {
            a: filled(|i, j| (i * 7 + j * 3) % 5),
            b: filled(|i, j| (i * 2 + j * 5) % 7),
            c: filled(|_, _| 0),
            rows,
        }
    }

    fn multiply(&mut self) {
        let rows = self.rows;
        let [a, b, c] = [&mut self.a, &mut self.b, &mut self.c].map(|m| Square::whole(m, rows));
        Product { a, b, c }.multiply()
    }

    /// Whether (a * b) * x is a * (b * x): a wrong c passes for one x in very few.
    fn is_right(&self) -> bool {
        let x: Vec<f64> = (0..self.rows).map(|i| ((i * 31 + 17) % 101) as f64).collect();
        let times = |matrix: &[f32], x: &[f64]| -> Vec<f64> {
            let times_x = |row: &[f32]| row.iter().zip(x).map(|(m, x)| f64::from(*m) * x).sum();
            matrix.chunks_exact(self.rows).map(times_x).collect()
        };
        times(&self.c, &x) == times(&self.a, &times(&self.b, &x))
    }
}

pub fn measure(session: Session, pool: &ThreadPool) {
    let work = |matrices: &mut Matrices, _: &Sizes| pool.install(|| matrices.multiply());
    session.measure_prepared(Timed::Work, Matrices::new, work, |done, _, ()| done.is_right());
}
