fn main() {
    println!(
        "a {} {}",
        hex::encode(lib_common::name()),
        lib_a::words("one two three")
    );
}
