//! A package outside the workspace that needs another one.

/// Its name and that of the package it uses.
pub fn name() -> String {
    format!("left of {}", right::NAME)
}
