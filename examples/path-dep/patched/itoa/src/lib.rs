//! Stands in for crates.io's itoa: the part that `http` uses, with a mark before
//! each number so that its use can be seen.

/// Holds the digits of one number.
#[derive(Default)]
pub struct Buffer {
    text: String,
}

impl Buffer {
    /// Makes an empty buffer.
    pub fn new() -> Self {
        Self::default()
    }

    /// Formats a number and returns its text.
    pub fn format<I: Integer>(&mut self, number: I) -> &str {
        self.text.clear();
        self.text.push(right::MARK as char);
        self.text.push_str(&number.to_string());
        &self.text
    }
}

/// A number that [`Buffer::format`] takes.
pub trait Integer: ToString {}

impl Integer for u8 {}
impl Integer for u16 {}
impl Integer for u32 {}
impl Integer for u64 {}
impl Integer for usize {}
impl Integer for i8 {}
impl Integer for i16 {}
impl Integer for i32 {}
impl Integer for i64 {}
impl Integer for isize {}
