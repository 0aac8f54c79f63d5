//! Counts the lines of logs, plain or compressed, by one of their fields.

mod counting;
mod input;

use std::io::{self, Write};
use std::process::ExitCode;

use lexopt::prelude::*;

const HELP: &str = "\
usage: tally [--field N] [--top N] [FILE…]

Counts lines by their field N, from 1; the most frequent come first.
Files may be compressed with gzip. Without one, or as -, standard input is read.
";

struct Options {
    field: usize,
    top: usize,
    files: Vec<std::path::PathBuf>,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads has had enough, as `head` has.
        Err(error) if is_closed_pipe(error.as_ref()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tally: {error}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let Some(options) = parse()? else {
        print!("{HELP}");
        return Ok(());
    };
    let mut counts = counting::Counts::by_field(options.field);
    for file in &options.files {
        counts.add(input::open(file)?)?;
    }
    let mut out = io::stdout().lock();
    for (value, count) in counts.most_frequent(options.top) {
        writeln!(out, "{count:>8} {value}")?;
    }
    writeln!(out, "{:>8} lines", counts.lines)?;
    Ok(())
}

fn parse() -> Result<Option<Options>, lexopt::Error> {
    let mut options = Options { field: 1, top: 10, files: Vec::new() };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('f') | Long("field") => options.field = parser.value()?.parse()?,
            Short('n') | Long("top") => options.top = parser.value()?.parse()?,
            Short('h') | Long("help") => return Ok(None),
            Value(file) => options.files.push(file.into()),
            other => return Err(other.unexpected()),
        }
    }
    if options.files.is_empty() {
        options.files.push("-".into());
    }
    Ok(Some(options))
}

fn is_closed_pipe(error: &(dyn std::error::Error + 'static)) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
