//! Figures as they are told.

use std::fmt::Write;

/// A table of texts.
pub(crate) struct Table {
    title: String,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new<const N: usize>(title: impl Into<String>, columns: [&str; N]) -> Self {
        Self {
            title: title.into(),
            columns: columns.map(str::to_owned).into(),
            rows: Vec::new(),
        }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// With a heading, and columns of even width.
    pub(crate) fn markdown(&self) -> String {
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            let cells = cells.chain(self.columns.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        let line = |text: &mut String, cells: &[String]| {
            for (cell, width) in cells.iter().zip(&widths) {
                let _ = write!(text, "| {cell:<width$} ");
            }
            text.push_str("|\n");
        };
        let mut text = format!("## {}\n\n", self.title);
        line(&mut text, &self.columns);
        for width in &widths {
            let _ = write!(text, "|{}", "-".repeat(width + 2));
        }
        text.push_str("|\n");
        for row in &self.rows {
            line(&mut text, row);
        }
        text.push('\n');
        text
    }

    /// With a line of names before it, and an empty line behind it.
    pub(crate) fn csv(&self) -> String {
        let mut text = String::new();
        for row in std::iter::once(&self.columns).chain(&self.rows) {
            let cells: Vec<String> = row.iter().map(|cell| quoted(cell)).collect();
            text.push_str(&cells.join(","));
            text.push('\n');
        }
        text.push('\n');
        text
    }
}

fn quoted(cell: &str) -> String {
    match cell.contains([',', '"', '\n']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_quotes_what_would_be_two_cells() {
        let mut table = Table::new("t", ["a", "b"]);
        table.row(["1, 2".to_owned(), "\"x\"".to_owned()]);
        assert_eq!(table.csv(), "a,b\n\"1, 2\",\"\"\"x\"\"\"\n\n");
    }

    #[test]
    fn markdown_even_columns() {
        let mut table = Table::new("t", ["a", "bc"]);
        table.row(["100".to_owned(), "2".to_owned()]);
        let expected = "## t\n\n| a   | bc |\n|-----|----|\n| 100 | 2  |\n\n";
        assert_eq!(table.markdown(), expected);
    }
}
