bitflags::bitflags! {
    struct New: u8 {
        const A = 1;
        const B = 4;
    }
}

mod old {
    old_flags::bitflags! {
        pub struct Old: u8 {
            const A = 2;
            const B = 8;
        }
    }
}

fn main() {
    let (mut a, mut b) = (itoa::Buffer::new(), old_itoa::Buffer::new());
    println!("{} {}", a.format(New::all().bits()), b.format(old::Old::all().bits()));
}
