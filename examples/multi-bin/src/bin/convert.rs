//! `convert NUMBER` prints a number in groups of three digits.

use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(argument) = std::env::args().nth(1) else {
        eprintln!("usage: convert NUMBER");
        return ExitCode::from(2);
    };
    match argument.parse() {
        Ok(number) => {
            println!("convert: {}", multi_bin::grouped(number));
            ExitCode::SUCCESS
        }
        Err(err) => {
            eprintln!("convert: {argument}: {err}");
            ExitCode::FAILURE
        }
    }
}
