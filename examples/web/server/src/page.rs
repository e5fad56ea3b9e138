//! The HTML page.

use shared::Task;

/// Renders the page with a heading and a list of tasks.
pub fn render(heading: &str, tasks: &[Task]) -> String {
    let items: String = tasks
        .iter()
        .map(|task| format!("    <li>{}</li>\n", escape(&task.to_string())))
        .collect();
    format!(
        "<!doctype html>\n<title>tasks</title>\n<body>\n  <h1>{}</h1>\n  <ul>\n{items}  </ul>\n</body>\n",
        escape(heading)
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_markup() {
        assert!(render("a < b", &[]).contains("<h1>a &lt; b</h1>"));
    }
}
