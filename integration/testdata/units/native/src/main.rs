extern crate bzip2_sys;

use std::ffi::{c_char, CStr};

extern "C" {
    fn BZ2_bzlibVersion() -> *const c_char;
}

fn main() {
    let version = unsafe { CStr::from_ptr(BZ2_bzlibVersion()) };
    println!("{} {}", version.to_str().unwrap(), env!("RUN_MODES"));
}
