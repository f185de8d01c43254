//! The page at the end: what happened, for a person.

use std::fmt::Write;

use anyhow::ensure;
use serde_json::Value;

use super::proof::{Proof, net_bps, oracle_bps};

/// What the programs said.
pub(super) struct Page {
    pub(super) session: Value,
    pub(super) oracle: Value,
    pub(super) recomputed: Value,
    pub(super) recorded: Value,
    pub(super) proof: Proof,
}

impl Page {
    pub(super) fn text(&self) -> String {
        let session = &self.session;
        let count = |key: &str| grouped(session[key].as_u64().unwrap_or(0));
        let latency = &session["live"]["read_to_actions_ns"];
        let micros = |key: &str| latency[key].as_f64().unwrap_or(f64::NAN) / 1e3;
        let net = session["net_pnl"].as_f64().unwrap_or(f64::NAN);
        let rows = [
            ("events", count("events")),
            ("decisions", count("decisions")),
            ("orders", count("orders")),
            ("fills", count("fills")),
            (
                "net result",
                format!(
                    "{net:+.2} {} after {:.2} of fees, {:+.0} bps of the position",
                    session["currency"].as_str().unwrap_or_default(),
                    session["fees"].as_f64().unwrap_or(f64::NAN),
                    net_bps(session)
                ),
            ),
            (
                "of the oracle",
                format!(
                    "{:.0} % of the {:+.0} bps that full knowledge of the past earns in this hour",
                    100.0 * net_bps(session) / oracle_bps(&self.oracle),
                    oracle_bps(&self.oracle)
                ),
            ),
            (
                "latency",
                format!(
                    "{:.0} us median, {:.0} us at the 99th percentile, frame read to actions",
                    micros("p50"),
                    micros("p99")
                ),
            ),
            ("models", self.models()),
            ("journal", session["journal"]["path"].as_str().unwrap_or_default().to_owned()),
            ("replay, scores recomputed", verdict(&self.recomputed)),
            ("replay, scores recorded", verdict(&self.recorded)),
            ("other planted hours", format!("{}, seeds {}", self.proof.planted, Proof::seeds())),
            (
                "of the oracle, there",
                format!(
                    "{:.0} %, 95 % [{:.0}, {:.0}]",
                    100.0 * self.proof.share.mean,
                    100.0 * self.proof.share.low(),
                    100.0 * self.proof.share.high()
                ),
            ),
            ("hours without a signal", format!("{}, same seeds", self.proof.no_signal)),
        ];
        let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        let mut text = format!(
            "{} · {} · paper, over a socket\n",
            session["instrument"].as_str().unwrap_or_default(),
            session["strategy"].as_str().unwrap_or_default()
        );
        for (name, value) in rows {
            let _infallible = writeln!(text, "  {name:width$}  {value}");
        }
        text
    }

    /// Refuses a page that proves nothing.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        for (name, replay) in [("recomputed", &self.recomputed), ("recorded", &self.recorded)] {
            let verdict = &replay["verdict"];
            // Recorded scores leave no room; computed ones may be another processor's.
            let proves = *verdict == "identical" || (name == "recomputed" && *verdict == "agrees");
            ensure!(proves, "the replay with {name} scores differs");
        }
        let net = net_bps(&self.session);
        ensure!(net > 0.0, "the session earned {net:+.1} bps: the models were of no use");
        let Proof { planted, no_signal, .. } = &self.proof;
        ensure!(planted.low() > 0.0, "planted hours earned {planted}: not surely above zero");
        ensure!(
            no_signal.low() <= 0.0,
            "hours without a signal earned {no_signal}: something is too good to be true"
        );
        Ok(())
    }

    fn models(&self) -> String {
        let models = &self.session["models"];
        let names = models["by_model"].as_object().map_or_else(String::new, |by_model| {
            by_model.keys().map(String::as_str).collect::<Vec<_>>().join(" and ")
        });
        let bundle = models["bundle"].as_str().unwrap_or_default();
        format!("{names} of bundle {}", bundle.get(..16).unwrap_or(bundle))
    }
}

fn verdict(replay: &Value) -> String {
    let events = grouped(replay["events"].as_u64().unwrap_or(0));
    let scores = grouped(replay["scores_compared"].as_u64().unwrap_or(0));
    match replay["verdict"].as_str() {
        Some("identical") => format!("identical: {events} events, {scores} forecasts"),
        Some("agrees") => format!(
            "agrees: {events} events, the same orders, {scores} forecasts that differ by {} at most",
            replay["score_difference_max"]
        ),
        _ => format!("DIFFERENT: {}", replay["first_difference"]),
    }
}

/// `1 234 567`
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replay_of_another_processor_is_told_as_one() {
        let mut replay = serde_json::json!({
            "identical": false, "verdict": "agrees", "events": 1_234, "scores_compared": 10,
            "score_difference_max": 1e-7, "first_difference": null,
        });
        let said =
            "agrees: 1 234 events, the same orders, 10 forecasts that differ by 1e-7 at most";
        assert_eq!(verdict(&replay), said);
        replay["verdict"] = "different".into();
        assert!(verdict(&replay).starts_with("DIFFERENT"));
    }

    #[test]
    fn digits_stand_in_threes() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1 000", "1 234 567"]);
    }
}
