//! Compiles only if features are united as resolver 1 unites them.

use std::error::Error;
use std::fmt;

use either::Either;

#[derive(Debug)]
struct Fault;

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("no fault")
    }
}

impl Error for Fault {}

fn main() {
    // Either is an Error with its feature use_std, which only Windows asks for.
    let fault: Box<dyn Error> = Box::new(Either::<Fault, Fault>::Left(Fault));
    // hex::encode needs its feature alloc, which only tests ask for.
    println!("{} {} {}", hex::encode("rust"), fault, shared::features());
}
