//! Used by a alone.

/// Counts the words of a text.
pub fn words(text: &str) -> usize {
    if text.is_empty() || lib_common::name().is_empty() {
        return 0;
    }
    memchr::memchr_iter(b' ', text.as_bytes()).count() + 1
}
