//! A library that uses the other one and knows its own sources.

mod nested;

/// A number to edit.
pub const VALUE: u32 = 1;

/// A number that a module and another package have a part in.
pub fn sum() -> u32 {
    VALUE + nested::VALUE + alpha::VALUE
}

/// Path and text of every source file of this package.
pub const SOURCES: &[(&str, &str)] = &[
    ("beta/src/lib.rs", include_str!("lib.rs")),
    ("beta/src/nested/mod.rs", include_str!("nested/mod.rs")),
];
