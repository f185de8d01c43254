//! The double of the venue, while it runs.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use anyhow::{Context, bail};

use crate::programs::Programs;

pub(super) struct Venue {
    process: Child,
    address: String,
}

impl Venue {
    /// Starts it on a free port, and waits until it listens.
    pub(super) fn open(programs: &Programs<'_>, lake: &str, speed: u32) -> anyhow::Result<Self> {
        let speed = speed.to_string();
        let process = programs
            .command("collector", &["serve", lake, "--listen", "127.0.0.1:0", "--speed", &speed])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("starting collector serve")?;
        let mut venue = Self { process, address: String::new() };
        let stderr = venue.process.stderr.take().context("the double has an output")?;
        let mut lines = BufReader::new(stderr).lines();
        for line in lines.by_ref() {
            let line = line.context("reading what the double says")?;
            println!("{line}");
            if let Some(address) = address(&line) {
                venue.address = address.to_owned();
                // The rest is passed on until it ends: a pipe that nobody reads would stop it.
                std::thread::spawn(move || {
                    lines.map_while(Result::ok).for_each(|line| println!("{line}"));
                });
                return Ok(venue);
            }
        }
        bail!("collector serve ended before it listened")
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }
}

impl Drop for Venue {
    fn drop(&mut self) {
        // It may have ended with its recording.
        let _ended = self.process.kill();
        let _reaped = self.process.wait();
    }
}

/// `127.0.0.1:40123` of a line that names `http://127.0.0.1:40123`.
fn address(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once("http://")?;
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ':');
    Some(rest[..end.unwrap_or(rest.len())].trim_end_matches(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_read_from_what_the_double_says() {
        let line = "listening on ws://127.0.0.1:1234 and http://127.0.0.1:1234: the market";
        assert_eq!(address(line), Some("127.0.0.1:1234"));
        assert_eq!(address("error: no such file"), None);
    }
}
