//! Needs the feature `admin`.

fn main() {
    let mut random = fastrand::Rng::with_seed(7);
    println!(
        "admin-tool: token of {} characters",
        token(&mut random).len()
    );
}

fn token(random: &mut fastrand::Rng) -> String {
    (0..16).map(|_| random.alphanumeric()).collect()
}
