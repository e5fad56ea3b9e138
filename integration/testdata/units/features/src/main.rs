fn main() {
    println!("{} {} {}", env!("SAID"), hex::encode("x"), memchr::memchr(b'n', b"banana").unwrap());
}
