use either::Either;

#[test]
fn has_all_features() {
    let name: Either<&str, ()> = Either::Left(lib_common::name());
    assert_eq!(name.left(), Some("COMMON+"));
}
