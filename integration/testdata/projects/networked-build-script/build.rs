//! Fails the build if it finds a network: an interface other than the loopback,
//! or an address of addresses.txt that accepts a connection.

use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;
use std::{env, fs};

fn main() {
    println!("cargo:rerun-if-changed=addresses.txt");
    let interfaces = interfaces();
    assert!(
        interfaces.iter().all(|name| name == "lo"),
        "the build script sees the network interfaces {interfaces:?}"
    );
    for address in addresses() {
        let answer = TcpStream::connect_timeout(&address, Duration::from_secs(2));
        assert!(answer.is_err(), "the build script can connect to {address}");
    }
    let resolved = ("crates.io", 443).to_socket_addrs();
    assert!(resolved.is_err(), "the build script can resolve crates.io");
    // The program prints them.
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    fs::write(format!("{out}/interfaces.txt"), interfaces.join(",")).expect("OUT_DIR is writable");
}

/// Interfaces that the kernel puts into every network namespace once a tunnel
/// module is loaded. They lead nowhere.
const FALLBACK_TUNNELS: &[&str] = &[
    "erspan0", "gre0", "gretap0", "ip6_vti0", "ip6gre0", "ip6tnl0", "ip_vti0", "sit0", "tunl0",
];

/// The names of the interfaces of this process's network namespace. (The list in
/// /sys/class/net is that of the namespace in which /sys was mounted.)
fn interfaces() -> Vec<String> {
    fs::read_to_string("/proc/self/net/dev")
        .expect("/proc is mounted")
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, _)| name.trim().to_string())
        .filter(|name| !FALLBACK_TUNNELS.contains(&name.as_str()))
        .collect()
}

fn addresses() -> Vec<SocketAddr> {
    fs::read_to_string("addresses.txt")
        .expect("addresses.txt is readable")
        .lines()
        .map(|line| line.parse().expect("an address and a port"))
        .collect()
}
