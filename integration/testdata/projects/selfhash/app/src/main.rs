//! Prints the hash of the sources it was compiled from. README.md has the
//! algorithm.

mod hash;

/// A number to edit.
const VALUE: u32 = 1;

/// Path and text of every source file of this package.
const SOURCES: &[(&str, &str)] = &[
    ("app/src/hash.rs", include_str!("hash.rs")),
    ("app/src/main.rs", include_str!("main.rs")),
];

fn main() {
    let mut sources: Vec<_> = [alpha::SOURCES, SOURCES, beta::SOURCES].concat();
    sources.sort();
    println!("hash {:016x}", hash::of(&sources));
    println!("version {}", env!("CARGO_PKG_VERSION"));
    let mut buffer = itoa::Buffer::new();
    println!("alpha {}", buffer.format(alpha::VALUE));
    println!("beta {}", buffer.format(beta::sum()));
    println!("app {}", buffer.format(VALUE));
}
