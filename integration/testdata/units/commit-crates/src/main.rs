fn main() {
    println!("git-version {}", git_version::git_version!(args = ["--tags", "--always", "--dirty=-modified"]));
    println!("crate-git-revision {}", env!("GIT_REVISION"));
    println!("sha {} branch {} describe {}", env!("VERGEN_GIT_SHA"), env!("VERGEN_GIT_BRANCH"), env!("VERGEN_GIT_DESCRIBE"));
    println!("count {} dirty {}", env!("VERGEN_GIT_COMMIT_COUNT"), env!("VERGEN_GIT_DIRTY"));
    println!("commit {} {}", env!("VERGEN_GIT_COMMIT_TIMESTAMP"), env!("VERGEN_GIT_COMMIT_MESSAGE"));
    println!("author {} {}", env!("VERGEN_GIT_COMMIT_AUTHOR_NAME"), env!("VERGEN_GIT_COMMIT_AUTHOR_EMAIL"));
    println!("built {}", env!("VERGEN_BUILD_TIMESTAMP"));
}
