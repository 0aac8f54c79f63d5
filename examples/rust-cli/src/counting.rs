//! How often each value of a field occurs.

use std::collections::HashMap;
use std::io::{self, BufRead};

pub struct Counts {
    field: usize,
    by_value: HashMap<String, u64>,
    pub lines: u64,
}

impl Counts {
    /// None yet; `field` is counted from 1.
    pub fn by_field(field: usize) -> Self {
        Self { field, by_value: HashMap::new(), lines: 0 }
    }

    /// Counts all lines of `reader`; those that have no such field are counted as "-".
    pub fn add(&mut self, mut reader: impl BufRead) -> io::Result<()> {
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line)? > 0 {
            let text = String::from_utf8_lossy(&line);
            let index = self.field.saturating_sub(1);
            let value = text.split_whitespace().nth(index).unwrap_or("-");
            *self.by_value.entry(value.to_owned()).or_default() += 1;
            self.lines += 1;
            line.clear();
        }
        Ok(())
    }

    /// The `top` most frequent values, those of one number by name.
    pub fn most_frequent(&self, top: usize) -> Vec<(&str, u64)> {
        let mut all: Vec<_> = self.by_value.iter().map(|(value, n)| (value.as_str(), *n)).collect();
        all.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        all.truncate(top);
        all
    }
}
