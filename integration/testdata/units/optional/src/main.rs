fn main() {
    println!("{} {}", smol_str::SmolStr::new("small"), cfg!(feature = "serde"));
}
