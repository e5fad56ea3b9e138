#![doc = include_str!("../README.md")]

/// Counts the words of a text.
pub fn count(text: &str) -> String {
    itoa::Buffer::new()
        .format(text.split_whitespace().count())
        .to_string()
}
