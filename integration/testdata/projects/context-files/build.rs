//! Compiles the names of the files beside this one into the program, and what the builder's environment says.

fn main() {
    let mut names: Vec<String> = std::fs::read_dir("data")
        .expect("the data is in the build context")
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    println!("cargo:rustc-env=FILES={}", names.join(" "));
    let mark = std::env::var("BUILDER_MARK").unwrap_or_else(|_| "none".into());
    println!("cargo:rustc-env=MARK={mark}");
}
