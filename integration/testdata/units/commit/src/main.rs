fn main() {
    println!("{} {}", env!("SEEN_REVISION"), env!("SEEN_BRANCH"));
    println!("{}", env!("SEEN_DESCRIBE"));
    println!("{}", env!("SEEN_SUBJECT"));
    println!("status:{}", env!("SEEN_STATUS"));
    println!("{} {}", env!("SEEN_HASH"), env!("SEEN_EPOCH"));
    println!("{}", itoa::Buffer::new().format(7));
}
