//! Stands in for crates.io's cfg-if with the last branch only: `crc32fast` then
//! computes without the processor's instructions, and gets the same result.
#![no_std]

/// Takes the `else` branch.
#[macro_export]
macro_rules! cfg_if {
    ($(if #[cfg($($condition:tt)*)] { $($unused:tt)* })else* else { $($tokens:tt)* }) => {
        $($tokens)*
    };
}
