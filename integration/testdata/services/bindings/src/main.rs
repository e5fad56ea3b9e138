//! Prints who may do what with a directory, as libacl says.
fn main() {
    for entry in exacl::getfacl("/etc", None).unwrap() {
        println!("{entry}");
    }
}
