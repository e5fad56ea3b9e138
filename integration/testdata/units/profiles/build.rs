fn main() {
    println!("cargo::rustc-env=ANSWER={}", itoa::Buffer::new().format(42));
}
