//! A table of names and numbers.

/// Renders one row a line.
pub fn render(rows: &[(&str, u64)]) -> String {
    rows.iter()
        .map(|(name, number)| format!("{name:<10}{:>12}\n", multi_bin::grouped(*number)))
        .collect()
}
