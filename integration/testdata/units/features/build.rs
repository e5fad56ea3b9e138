fn main() {
    let at = memchr::memchr_iter(b'a', b"banana").count();
    println!("cargo::rustc-env=SAID={}", hex::encode([at as u8]));
}
