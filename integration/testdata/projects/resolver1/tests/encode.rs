#[test]
fn encodes() {
    assert_eq!(hex::encode("r"), "72");
}
