/// What the program prints.
const USAGE: &str = include_str!("../docs/usage.md");

fn main() {
    print!("{USAGE}");
    println!("({} words)", readme_doc::count(USAGE));
}
