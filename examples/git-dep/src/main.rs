//! Prints what the crate from git says.

fn main() {
    let text = greeting::greet("git");
    let mut buffer = itoa::Buffer::new();
    println!("{text} ({} bytes)", buffer.format(text.len()));
}
