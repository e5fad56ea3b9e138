fn main() {
    errno::set_errno(errno::Errno(2));
    println!("{} {}", errno::errno().0, walkdir::WalkDir::new("/etc/hostname-that-is-not-there").into_iter().count());
}
