//! Prints one line. `--version` prints the package's version instead.

use std::time::Duration;

fn main() {
    let argument = std::env::args().nth(1);
    if argument.as_deref() == Some("--version") {
        println!("hello {}", env!("CARGO_PKG_VERSION"));
        return;
    }
    let name = argument.unwrap_or_else(|| "world".to_string());
    println!("{}", greeting(&name, Duration::from_secs(5400)));
}

fn greeting(name: &str, took: Duration) -> String {
    let mut digits = itoa::Buffer::new();
    format!(
        "Hello, {name}! {} seconds are {}.",
        digits.format(took.as_secs()),
        humantime::format_duration(took),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greets_by_name() {
        assert_eq!(
            greeting("Ferris", Duration::from_secs(61)),
            "Hello, Ferris! 61 seconds are 1m 1s."
        );
    }
}
