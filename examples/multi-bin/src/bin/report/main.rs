//! A binary with a directory and a module of its own.

mod table;

fn main() {
    print!(
        "{}",
        table::render(&[("requests", 1_234_567), ("errors", 89)])
    );
}
