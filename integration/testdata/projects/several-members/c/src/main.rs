fn main() {
    println!("c {}", fastrand::Rng::with_seed(3).u32(0..1));
}
