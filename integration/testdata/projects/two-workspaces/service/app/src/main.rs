fn main() {
    println!("{}", greeting::greeting());
    println!("flag {}, {}, assertions {}", cfg!(from_above), env!("ABOVE"), cfg!(debug_assertions));
}
