use displaydoc::Display;
use thiserror::Error;

#[derive(Debug, Display, Error)]
enum Problem {
    /// nothing was found at {0}
    Missing(u32),
}

fn main() {
    println!("{}", Problem::Missing(7));
}
