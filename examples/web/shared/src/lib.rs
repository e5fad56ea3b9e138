//! What the server and the worker have in common.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Task {
    pub id: u32,
    pub title: String,
    pub done: bool,
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.done { "x" } else { " " };
        write!(f, "[{mark}] {}: {}", self.id, self.title)
    }
}

/// The tasks of the day.
pub fn tasks() -> Vec<Task> {
    ["write a Rustfile", "build the image", "ship it"]
        .iter()
        .zip(1..)
        .map(|(title, id)| Task {
            id,
            title: title.to_string(),
            done: false,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survives_json() {
        let text = serde_json::to_string(&tasks()).unwrap();
        assert_eq!(serde_json::from_str::<Vec<Task>>(&text).unwrap(), tasks());
    }
}
