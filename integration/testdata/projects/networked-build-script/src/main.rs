fn main() {
    let interfaces = include_str!(concat!(env!("OUT_DIR"), "/interfaces.txt"));
    println!("compiled without a network, interfaces: {interfaces:?}");
}
