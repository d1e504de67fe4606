//! The command line: PROBLEM --variant NAME --workers N --repetitions N --enough SECONDS
//! --warm-up SIZES --sizes SIZES, where SIZES are name=number,name=number, as the problem tells them.

use std::collections::HashMap;
use std::str::FromStr;

#[derive(Clone)]
pub struct Sizes(HashMap<String, i64>);

impl Sizes {
    pub fn get(&self, name: &str) -> i64 {
        *self.0.get(name).unwrap_or_else(|| refuse(&format!("the problem tells no '{name}'")))
    }
}

impl FromStr for Sizes {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let pair = |each: &str| {
            let (name, number) = each.split_once('=')?;
            Some((name.to_string(), number.parse().ok()?))
        };
        text.split(',').map(pair).collect::<Option<_>>().map(Sizes).ok_or(())
    }
}

pub struct Wish {
    pub problem: String,
    pub variant: String,
    pub workers: usize,
    pub repetitions: usize,
    pub enough_s: f64,
    pub warm_up: Sizes,
    pub sizes: Sizes,
}

impl Wish {
    pub fn from_command_line() -> Self {
        let mut arguments = std::env::args().skip(1);
        let problem = arguments.next().unwrap_or_else(|| refuse("which problem?"));
        let mut given = HashMap::new();
        while let (Some(name), Some(value)) = (arguments.next(), arguments.next()) {
            given.insert(name, value);
        }
        Wish {
            problem,
            variant: option(&given, "--variant"),
            workers: option(&given, "--workers"),
            repetitions: option(&given, "--repetitions"),
            enough_s: option(&given, "--enough"),
            warm_up: option(&given, "--warm-up"),
            sizes: option(&given, "--sizes"),
        }
    }
}

fn option<T: FromStr>(given: &HashMap<String, String>, name: &str) -> T {
    let value = given.get(name).and_then(|text| text.parse().ok());
    value.unwrap_or_else(|| refuse(&format!("{name} is missing or wrong")))
}

/// For what is wrong with the arguments.
pub fn refuse(why: &str) -> ! {
    eprintln!("{why}");
    std::process::exit(2)
}
