use harness::Sizes;
use rayon::prelude::*;

/// A short list of numbers, without memory of its own.
#[derive(Clone, Copy, Default)]
struct Columns {
    at: [i8; 16],
    count: usize,
}

impl Columns {
    fn add(&mut self, column: i8) {
        self.at[self.count] = column;
        self.count += 1;
    }

    fn as_slice(&self) -> &[i8] {
        &self.at[..self.count]
    }
}

/// The queens of the first rows, one in each; a value, so that each task has its own.
#[derive(Clone, Copy)]
struct Board {
    queens: Columns,
    size: i8,
}

impl Board {
    fn is_full(&self) -> bool {
        self.queens.count == self.size as usize
    }

    fn with(mut self, column: i8) -> Self {
        self.queens.add(column);
        self
    }

    /// The squares of the next row that no queen threatens.
    fn free(&self) -> Columns {
        let mut found = Columns::default();
        for column in 0..self.size {
            if !self.is_threatened(column) {
                found.add(column);
            }
        }
        found
    }

    fn is_threatened(&self, column: i8) -> bool {
        let rows = (1..=self.queens.count as i8).rev();
        let mut queens = self.queens.as_slice().iter().zip(rows);
        queens.any(|(queen, rows)| *queen == column || (queen - column).abs() == rows)
    }
}

fn solutions(queens: Board) -> i64 {
    if queens.is_full() {
        return 1;
    }
    let free = queens.free();
    let next_rows = free.as_slice().par_iter().with_max_len(1);
    next_rows.map(|column| solutions(queens.with(*column))).sum()
}

pub fn run(sizes: &Sizes) -> i64 {
    solutions(Board { queens: Columns::default(), size: sizes.get("n") as i8 })
}
