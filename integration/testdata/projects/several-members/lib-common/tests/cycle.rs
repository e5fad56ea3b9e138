//! lib-a depends on this library: a cycle that only dev-dependencies may have.

#[test]
fn counts() {
    assert_eq!(lib_a::words("a b"), 2);
}
