pub fn greeting() -> String {
    let word = if cfg!(feature = "loud") { words::WORD.to_uppercase() } else { words::WORD.to_string() };
    format!("{word} {} {}", env!("CARGO_PKG_VERSION"), itoa::Buffer::new().format(42))
}
