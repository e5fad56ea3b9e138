//! Prints what the build script generated, and what C code answers.

use std::ffi::{c_char, CStr};

include!(concat!(env!("OUT_DIR"), "/planets.rs"));

extern "C" {
    fn mix(value: u32) -> u32;
}

fn main() {
    println!("{} lines in the data", env!("PLANETS_LINES"));
    for (name, radius) in PLANETS {
        // SAFETY: mix reads and writes nothing but its argument.
        println!("{name}: {radius} km, {:08x}", unsafe { mix(*radius) });
    }
    println!("zlib 1: {}", zlib_version().starts_with("1."));
    println!("crc32: {:08x}", crc32(b"123456789"));
}

fn zlib_version() -> &'static str {
    // SAFETY: zlib returns a constant string.
    let version: *const c_char = unsafe { libz_sys::zlibVersion() };
    unsafe { CStr::from_ptr(version) }.to_str().unwrap_or("")
}

fn crc32(data: &[u8]) -> u32 {
    // SAFETY: pointer and length are those of one slice.
    unsafe { libz_sys::crc32(0, data.as_ptr(), data.len() as libz_sys::uInt) as u32 }
}
