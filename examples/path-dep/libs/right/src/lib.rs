//! A package that needs nothing.

/// Its name.
pub const NAME: &str = "right";

/// The mark that the patched itoa puts before every number.
pub const MARK: u8 = b'+';
