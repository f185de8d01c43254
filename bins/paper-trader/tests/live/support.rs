//! A double that plays a market of our own, and sessions that listen to it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use fluxo_core::{Event, Gap, GapReason, Market, MarketData, Nanos};
use fluxo_lake::journal::{JournalReader, Record};
use fluxo_report::JournalReplay;
use fluxo_session::{Instruments, ReplayModels, replay_journal};
use fluxo_venues::double::{Captures, Config, Double, Start, Trouble};
use serde_json::Value;
use tempfile::TempDir;

pub(crate) const SPEED: f64 = 20.0;

/// A folder with a capture of four minutes and room for journals.
pub(crate) struct Bench {
    folder: TempDir,
    capture: PathBuf,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let capture = fluxo_test_data::synthetic_capture(folder.path(), "BTCUSDT", 4_800);
        Self { folder, capture }
    }

    pub(crate) fn journal(&self) -> PathBuf {
        self.path("journal")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A double on any free port.
    pub(crate) fn double(&self, troubles: &[(i64, Trouble)]) -> Double {
        self.double_at(SocketAddr::from(([127, 0, 0, 1], 0)), Start::Beginning, troubles)
    }

    pub(crate) fn double_at(
        &self,
        listen: SocketAddr,
        start: Start,
        troubles: &[(i64, Trouble)],
    ) -> Double {
        let instruments = Instruments::load(None).unwrap();
        let spec = instruments.get(Market::BinanceUsdm, "BTCUSDT").unwrap().clone();
        let troubles = troubles
            .iter()
            .map(|(seconds, trouble)| (Nanos::from_millis(seconds * 1_000), *trouble))
            .collect();
        let config = Config { listen, start, troubles, speed: SPEED, ..Config::new(spec) };
        Double::start(config, Captures::new([self.capture.clone()])).unwrap()
    }

    /// A session that listens to a double there.
    pub(crate) fn session(&self, address: SocketAddr, more: &[&str]) -> Session {
        self.session_of("BTCUSDT", address, more)
    }

    pub(crate) fn session_of(&self, symbol: &str, address: SocketAddr, more: &[&str]) -> Session {
        self.session_on("binance-usdm", symbol, address, more)
    }

    pub(crate) fn session_on(
        &self,
        market: &str,
        symbol: &str,
        address: SocketAddr,
        more: &[&str],
    ) -> Session {
        let (ws, rest) = (format!("ws://{address}"), format!("http://{address}"));
        let journal = self.journal();
        let mut arguments = vec!["run", "--venue", market, "--symbol", symbol, "--json"];
        arguments.extend(["--journal", text(&journal), "--ws-url", &ws, "--rest-url", &rest]);
        arguments.extend(more);
        let mut command = Command::new(env!("CARGO_BIN_EXE_paper-trader"));
        command.args(&arguments);
        Session::start(command)
    }

    /// A session none of whose files may grow beyond 64 KiB.
    pub(crate) fn session_in_little_room(&self, address: SocketAddr) -> Session {
        let (ws, rest) = (format!("ws://{address}"), format!("http://{address}"));
        let journal = self.journal();
        let mut shell = Command::new("sh");
        shell.args(["-c", r#"trap "" XFSZ; ulimit -f 128; exec "$@""#, "sh"]);
        shell.args([env!("CARGO_BIN_EXE_paper-trader"), "run", "--venue", "binance-usdm"]);
        shell.args(["--symbol", "BTCUSDT", "--journal", text(&journal), "--ws-url", &ws]);
        shell.args(["--rest-url", &rest]);
        Session::start(shell)
    }
}

/// A running session; one that is dropped is killed.
pub(crate) struct Session {
    child: Option<Child>,
}

impl Session {
    fn start(mut command: Command) -> Self {
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        Self { child: Some(child) }
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }

    pub(crate) fn output(mut self) -> Said {
        let Output { status, stdout, stderr } =
            self.child.take().unwrap().wait_with_output().unwrap();
        Said {
            code: status.code(),
            stdout: String::from_utf8(stdout).unwrap(),
            stderr: String::from_utf8(stderr).unwrap(),
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

/// What a session said, and how it ended; no code for one that was killed.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Said {
    pub(crate) fn summary(&self) -> Value {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        serde_json::from_str(&self.stdout).unwrap()
    }

    /// The one line of a failure.
    pub(crate) fn failure(&self, code: i32) -> &str {
        assert_eq!(self.code, Some(code), "{}", self.stderr);
        let lines: Vec<&str> = self.stderr.lines().filter(|l| l.starts_with("error:")).collect();
        let [line] = lines[..] else { panic!("not one line of error: {}", self.stderr) };
        line
    }
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Waits until something is so.
pub(crate) fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..1_500 {
        if is_so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("{what} does not happen");
}

/// How many bytes of a journal are on the disk.
pub(crate) fn journal_bytes(journal: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(journal) else { return 0 };
    entries.filter_map(|entry| entry.ok()?.metadata().ok()).map(|data| data.len()).sum()
}

/// Replays a journal, which has to do the same.
pub(crate) fn replayed(journal: &Path) -> JournalReplay {
    replayed_with(journal, &ReplayModels::default())
}

/// The same with models.
pub(crate) fn replayed_with(journal: &Path, models: &ReplayModels) -> JournalReplay {
    let replay = replay_journal(journal, None, models).unwrap();
    assert!(replay.identical, "{:?}", replay.first_difference);
    replay
}

/// The events of a journal.
pub(crate) fn events(journal: &Path) -> Vec<Event> {
    let mut reader = JournalReader::open(journal).unwrap();
    let mut events = Vec::new();
    while let Some(entry) = reader.next_entry().unwrap() {
        if let Record::Event(stamped) = entry.record {
            events.push(stamped.event);
        }
    }
    events
}

/// The reasons of the gaps in a journal.
pub(crate) fn gaps(journal: &Path) -> Vec<GapReason> {
    let gap = |event: &Event| match event {
        Event::Market(event) => match event.data {
            MarketData::Gap(Gap { reason, .. }) => Some(reason),
            _ => None,
        },
        _ => None,
    };
    events(journal).iter().filter_map(gap).collect()
}
