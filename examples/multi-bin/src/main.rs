fn main() {
    println!("multi-bin: {}", multi_bin::grouped(1_000_000));
}
