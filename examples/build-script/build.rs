//! Writes the table of data/planets.txt as Rust, and compiles native/mix.c.

use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

fn main() {
    println!("cargo:rerun-if-changed=data/planets.txt");
    println!("cargo:rerun-if-changed=native");
    let text = fs::read_to_string("data/planets.txt").expect("data/planets.txt is readable");
    let out = env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    fs::write(Path::new(&out).join("planets.rs"), table(&text)).expect("OUT_DIR is writable");
    println!("cargo:rustc-env=PLANETS_LINES={}", text.lines().count());
    cc::Build::new()
        .file("native/mix.c")
        .include("native")
        .compile("mix");
}

/// Turns lines of a name and a number into a constant.
fn table(text: &str) -> String {
    let mut code = String::from("pub const PLANETS: &[(&str, u32)] = &[\n");
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, radius) = line.split_once(' ').expect("a name and a radius");
        let radius: u32 = radius.trim().parse().expect("a radius in kilometres");
        writeln!(code, "    ({name:?}, {radius}),").unwrap();
    }
    code + "];\n"
}
