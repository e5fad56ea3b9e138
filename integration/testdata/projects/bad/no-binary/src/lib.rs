//! A library, and no program.

/// One.
pub fn one() -> String {
    itoa::Buffer::new().format(1).to_string()
}
