fn main() {
    println!(
        "b {} {}",
        lib_common::name(),
        itoa::Buffer::new().format(42)
    );
}
