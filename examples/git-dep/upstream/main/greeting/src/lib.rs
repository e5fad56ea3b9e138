//! Greets.

use either::Either;

/// Greets somebody, or the world.
pub fn greet(name: &str) -> String {
    let name = if name.is_empty() {
        Either::Left("world")
    } else {
        Either::Right(name)
    };
    format!("{} from main, {}", words::HELLO, name.into_inner())
}
