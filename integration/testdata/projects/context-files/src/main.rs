fn main() {
    println!("files: {}", env!("FILES"));
    println!("mark of the builder: {}", env!("MARK"));
}
