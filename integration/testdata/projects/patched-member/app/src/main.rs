fn main() {
    println!("{:08x}", crc32fast::hash(b"123456789"));
}
