//! Prints the fields of a struct, and an error whose text a derive writes.

use macros::Describe;
use thiserror::Error;

#[derive(Describe)]
#[allow(dead_code)]
struct Image {
    name: String,
    digest: String,
    size: u64,
}

#[derive(Debug, Error)]
enum Refusal {
    #[error("{0} is not a digest")]
    Digest(String),
}

fn main() -> Result<(), Refusal> {
    println!("{}", Image::describe());
    let digest = std::env::args().nth(1).unwrap_or("sha256:0".to_string());
    if !digest.starts_with("sha256:") {
        println!("{}", Refusal::Digest(digest.clone()));
        return Err(Refusal::Digest(digest));
    }
    Ok(())
}
