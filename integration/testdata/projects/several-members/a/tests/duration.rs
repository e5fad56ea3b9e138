#[test]
fn formats() {
    let second = std::time::Duration::from_secs(1);
    assert_eq!(humantime::format_duration(second).to_string(), "1s");
}
