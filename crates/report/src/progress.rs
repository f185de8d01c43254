//! A line of progress on a terminal, silence elsewhere.

use std::fmt::Write;
use std::time::Duration;

use indicatif::{HumanCount, ProgressBar, ProgressState, ProgressStyle};

/// How far a command is. It draws on stderr, and only if that is a terminal.
#[derive(Debug)]
pub struct ProgressLine {
    bar: ProgressBar,
}

impl ProgressLine {
    /// A line that counts `what`, without a known end.
    #[must_use]
    pub fn counting(what: &str) -> Self {
        let template = format!("{{spinner}} {{msg}} {{human_pos}} {what} · {{rate}} · {{elapsed}}");
        Self::with(ProgressBar::new_spinner(), &template)
    }

    /// A line that counts `what` up to `total`, with the time that is left.
    #[must_use]
    pub fn towards(what: &str, total: u64) -> Self {
        let template = format!(
            "{{bar:30}} {{msg}} {{human_pos}}/{{human_len}} {what} · {{rate}} · ETA {{eta}}"
        );
        Self::with(ProgressBar::new(total), &template)
    }

    /// Draws the position.
    pub fn at(&self, position: u64) {
        self.bar.set_position(position);
    }

    /// Says what is being worked on.
    pub fn on(&self, what: impl Into<String>) {
        self.bar.set_message(what.into());
    }

    /// Removes the line.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }

    fn with(bar: ProgressBar, template: &str) -> Self {
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.with_key("rate", |state: &ProgressState, text: &mut dyn Write| {
                // Writing to a line cannot fail.
                let _infallible = write!(text, "{}", rate(state.per_sec()));
            }));
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        Self { bar }
    }
}

/// `62,616/s`: digits behind the point would only flicker.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float saturates")]
fn rate(per_second: f64) -> String {
    format!("{}/s", HumanCount(per_second.round() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_whole_number() {
        assert_eq!([62_615.945_2, 0.4, f64::NAN].map(rate), ["62,616/s", "0/s", "0/s"]);
    }
}
