//! A library that knows its own source.

/// A number to edit.
pub const VALUE: u32 = 1;

/// Path and text of every source file of this package.
pub const SOURCES: &[(&str, &str)] = &[("alpha/src/lib.rs", include_str!("lib.rs"))];
