//! Names on the left, values on the right.

use std::fmt;

/// Lines of a report, under headings.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    lines: Vec<Line>,
}

#[derive(Clone, Debug)]
enum Line {
    Heading(String),
    Row(String, String),
    Note(String),
}

impl Rows {
    /// No lines.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A line that names what follows.
    #[must_use]
    pub fn heading(mut self, text: impl Into<String>) -> Self {
        self.lines.push(Line::Heading(text.into()));
        self
    }

    /// A name and its value.
    #[must_use]
    pub fn row(mut self, name: impl Into<String>, value: impl fmt::Display) -> Self {
        self.lines.push(Line::Row(name.into(), value.to_string()));
        self
    }

    /// A sentence of its own.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.lines.push(Line::Note(text.into()));
        self
    }

    /// The lines of another report below these.
    #[must_use]
    pub fn append(mut self, other: Self) -> Self {
        self.lines.extend(other.lines);
        self
    }
}

impl fmt::Display for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.lines.iter().filter_map(|line| match line {
            Line::Row(name, _) => Some(name.chars().count()),
            Line::Heading(_) | Line::Note(_) => None,
        });
        let width = names.max().unwrap_or(0);
        for line in &self.lines {
            match line {
                Line::Heading(text) => writeln!(f, "{text}")?,
                Line::Row(name, value) => writeln!(f, "  {name:width$}  {value}")?,
                Line::Note(text) => writeln!(f, "  {text}")?,
            }
        }
        Ok(())
    }
}

/// A count with thousands set apart: `466 836`.
#[must_use]
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// Money with its sign, its currency and no more digits than it has.
#[must_use]
pub fn money(value: f64, currency: &str) -> String {
    format!("{value:+.8}").trim_end_matches('0').trim_end_matches('.').to_owned() + " " + currency
}

/// A duration in seconds.
#[must_use]
pub fn seconds(value: f64) -> String {
    format!("{value:.3} s")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_line_up() {
        let rows = Rows::new().heading("run").row("a", 1).row("longer", 2).note("end");
        assert_eq!(rows.to_string(), "run\n  a       1\n  longer  2\n  end\n");
    }

    #[test]
    fn numbers_can_be_read() {
        assert_eq!(count(466_836), "466\u{202f}836");
        assert_eq!(count(12), "12");
        assert_eq!(money(-1.5, "USDT"), "-1.5 USDT");
        assert_eq!(money(0.0, "USDT"), "+0 USDT");
    }
}
