use std::env::var;
use std::process::Command;

/// Runs git as any build script does, and hands its answer to the program.
fn ask(name: &str, args: &[&str]) {
    let out = Command::new("git").args(args).output().expect("git cannot be run");
    assert!(out.status.success(), "git {:?}: {}", args, String::from_utf8_lossy(&out.stderr));
    let said = String::from_utf8(out.stdout).unwrap();
    println!("cargo:rustc-env=SEEN_{}={}", name, said.trim_end().replace('\n', ";"));
}

fn main() {
    ask("REVISION", &["rev-parse", "HEAD"]);
    ask("BRANCH", &["rev-parse", "--abbrev-ref", "HEAD"]);
    ask("DESCRIBE", &["describe", "--tags", "--always", "--dirty=-modified"]);
    ask("STATUS", &["status", "--porcelain"]);
    ask("SUBJECT", &["log", "-1", "--format=%s, %an, %cI"]);
    println!("cargo:rustc-env=SEEN_HASH={}", var("GIT_HASH").unwrap());
    println!("cargo:rustc-env=SEEN_EPOCH={}", var("SOURCE_DATE_EPOCH").unwrap());
}
