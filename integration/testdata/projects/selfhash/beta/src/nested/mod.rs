//! A module in a directory of its own.

/// A number to edit.
pub const VALUE: u32 = 1;
