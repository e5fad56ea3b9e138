//! Words to greet with.

/// The first word of a greeting.
pub const HELLO: &str = if cfg!(feature = "formal") {
    "Good day"
} else {
    "Hi"
};
