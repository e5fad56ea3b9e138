use std::hash::Hasher;

#[rustversion::since(1.0)]
fn modern() -> bool {
    true
}

#[rustversion::before(1.0)]
fn modern() -> bool {
    false
}

#[repr(C)]
struct Pair(u32, u8);

fn main() {
    let mut hash = fnv::FnvHasher::default();
    hash.write(b"profiles");
    println!(
        "{} {} {:016x} {} {}",
        env!("ANSWER"),
        slug::slugify("Straße nach Köln"),
        hash.finish(),
        memoffset::offset_of!(Pair, 1),
        modern(),
    );
}
