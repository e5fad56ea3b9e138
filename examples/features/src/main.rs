//! Prints one line for each thing a feature adds.

fn main() {
    if cfg!(feature = "polite") {
        println!("polite: please");
    }
    #[cfg(feature = "encode")]
    println!("encode: {}", encode(b"rust"));
    #[cfg(feature = "itoa")]
    println!("itoa: {}", itoa::Buffer::new().format(-42));
    #[cfg(feature = "fastrand")]
    println!(
        "fastrand: {}",
        fastrand::Rng::with_seed(1).u8(..) as u32 / 256
    );
    if cfg!(feature = "alloc") {
        println!("alloc: asked for");
    }
    if cfg!(feature = "loud") {
        println!("loud: PLEASE");
    }
    println!("done");
}

/// With hex's own feature `alloc` it is hex that makes the string.
#[cfg(all(feature = "encode", feature = "alloc"))]
fn encode(data: &[u8]) -> String {
    hex::encode(data) + " by hex::encode"
}

/// Without it hex only writes into a buffer.
#[cfg(all(feature = "encode", not(feature = "alloc")))]
fn encode(data: &[u8]) -> String {
    let mut buffer = [0; 8];
    hex::encode_to_slice(data, &mut buffer).expect("four bytes are eight digits");
    buffer.iter().map(|byte| *byte as char).collect::<String>() + " by hex::encode_to_slice"
}
