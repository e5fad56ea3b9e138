fn main() -> Result<(), Box<dyn std::error::Error>> {
    crate_git_revision::init();
    vergen::EmitBuilder::builder()
        .fail_on_error()
        .all_build()
        .all_git()
        .git_describe(true, true, None)
        .emit()?;
    Ok(())
}
