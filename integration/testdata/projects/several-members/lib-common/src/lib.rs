//! Used by a and b. a asks for the feature `loud`, and tests for `extra`.

cfg_if::cfg_if! {
    if #[cfg(all(feature = "loud", feature = "extra"))] {
        /// Names this library by its features.
        pub fn name() -> &'static str { "COMMON+" }
    } else if #[cfg(feature = "loud")] {
        /// Names this library by its features.
        pub fn name() -> &'static str { "COMMON" }
    } else if #[cfg(feature = "extra")] {
        /// Names this library by its features.
        pub fn name() -> &'static str { "common+" }
    } else {
        /// Names this library by its features.
        pub fn name() -> &'static str { "common" }
    }
}
