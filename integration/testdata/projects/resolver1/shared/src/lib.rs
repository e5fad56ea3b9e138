//! A member that a dev-dependency on itself enables a feature of.

/// The features of this library, as a text.
pub fn features() -> String {
    let count = if cfg!(feature = "tests") { 1 } else { 0 };
    itoa::Buffer::new().format(count).to_string()
}
