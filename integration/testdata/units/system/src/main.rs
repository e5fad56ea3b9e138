fn main() {
    let version = unsafe { libsqlite3_sys::sqlite3_libversion_number() };
    println!("{}", itoa::Buffer::new().format(version / 1_000_000));
}
