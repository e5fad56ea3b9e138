//! Prints what each of the local packages says.

use http::HeaderValue;

fn main() {
    println!("{}", left::name());
    // http formats the number with the patched itoa.
    let length = HeaderValue::from(1234_u64);
    println!("content-length: {}", length.to_str().unwrap_or("?"));
}
