//! A double that plays an invented recording, and a client that is made of somebody else's code.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fluxo_core::{InstrumentSpec, UnixNanos};
use fluxo_market_data::{Decoder, SpecInference};
use fluxo_test_data::synthetic_capture;
use fluxo_venues::double::{Captures, Config, Double};
use serde_json::Value;
use tempfile::TempDir;
use tokio_tungstenite::tungstenite::http::HeaderMap;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{self, Message, WebSocket};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// Now, on the wall.
#[expect(clippy::disallowed_methods, reason = "what is tested is a clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// A recorded line.
#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    pub(crate) ts_recv: i64,
    pub(crate) payload: String,
}

/// A capture of our own, and its lines.
pub(crate) struct Capture {
    pub(crate) path: PathBuf,
    pub(crate) lines: Vec<Recorded>,
    pub(crate) spec: InstrumentSpec,
    _folder: TempDir,
}

impl Capture {
    /// One frame of depth and one trade every 50 ms, behind a snapshot.
    pub(crate) fn synthetic(steps: i64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = synthetic_capture(folder.path(), "BTCUSDT", steps);
        Self::of(folder, path)
    }

    pub(crate) fn written(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("capture.txt");
        std::fs::write(&path, text).unwrap();
        Self::of(folder, path)
    }

    fn of(folder: TempDir, path: PathBuf) -> Self {
        let lines = lines(&path);
        Self { spec: spec(&path), path, lines, _folder: folder }
    }

    pub(crate) fn source(&self) -> Captures {
        Captures::new([self.path.clone()])
    }

    pub(crate) fn config(&self, speed: f64) -> Config {
        Config { speed, ..Config::new(self.spec.clone()) }
    }

    pub(crate) fn serve(&self, speed: f64) -> Double {
        Double::start(self.config(speed), self.source()).unwrap()
    }

    /// The payloads of a stream, in order, without their envelopes.
    pub(crate) fn payloads(&self, kind: &str) -> Vec<Value> {
        let payloads = self.lines.iter().map(|line| value(&line.payload));
        payloads.map(|payload| payload["data"].clone()).filter(|data| data["e"] == kind).collect()
    }
}

pub(crate) fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// The lines of a capture, packed or not.
pub(crate) fn lines(path: &Path) -> Vec<Recorded> {
    let mut reader = fluxo_capture::CaptureReader::open(path).unwrap();
    let mut lines = Vec::new();
    while let Some(line) = reader.next_line().unwrap() {
        let stamp = line.stamp().unwrap();
        let payload = String::from_utf8(stamp.payload.to_vec()).unwrap();
        lines.push(Recorded { ts_recv: stamp.ts_recv.get(), payload });
    }
    lines
}

/// The specification that a capture shows.
pub(crate) fn spec(path: &Path) -> InstrumentSpec {
    let (mut decoder, mut inference) = (Decoder::new(), SpecInference::new());
    for line in lines(path) {
        inference.observe(&decoder.decode(line.payload.as_bytes()).unwrap());
    }
    inference.spec(UnixNanos::new(0)).unwrap()
}

/// A WebSocket of tungstenite.
pub(crate) struct Client {
    socket: WebSocket<TcpStream>,
    pub(crate) headers: HeaderMap,
}

/// How a connection went on.
#[derive(Debug)]
pub(crate) enum Heard {
    Text(String),
    Closed(Option<CloseFrame>),
    /// The connection is gone, and nobody said so.
    Lost,
    /// Nothing came in time.
    Silence,
}

impl Client {
    pub(crate) fn open(double: &Double, path: &str) -> Self {
        let stream = TcpStream::connect(double.address()).unwrap();
        let url = format!("{}{path}", double.ws_url());
        let (socket, response) = tungstenite::client(url, stream).unwrap();
        Self { socket, headers: response.headers().clone() }
    }

    /// What the venue's market time is, by the headers of the handshake.
    pub(crate) fn time(&self) -> i64 {
        self.headers["x-fluxo-time"].to_str().unwrap().parse().unwrap()
    }

    pub(crate) fn say(&mut self, text: &str) {
        self.socket.send(Message::text(text)).unwrap();
    }

    pub(crate) fn pong(&mut self, payload: &'static str) {
        self.socket.send(Message::Pong(payload.into())).unwrap();
    }

    /// The next text, or how the connection ended.
    pub(crate) fn hear(&mut self) -> Heard {
        self.hear_within(PATIENCE)
    }

    pub(crate) fn hear_within(&mut self, at_most: Duration) -> Heard {
        let until = now() + at_most;
        loop {
            let left = until.saturating_duration_since(now());
            if left.is_zero() {
                return Heard::Silence;
            }
            self.socket.get_ref().set_read_timeout(Some(left)).unwrap();
            match self.socket.read() {
                Ok(Message::Text(text)) => return Heard::Text(text.to_string()),
                Ok(Message::Close(frame)) => {
                    let _answered = self.socket.flush();
                    return Heard::Closed(frame);
                }
                Ok(_) => {}
                Err(tungstenite::Error::Io(error))
                    if error.kind() == std::io::ErrorKind::WouldBlock =>
                {
                    return Heard::Silence;
                }
                Err(_) => return Heard::Lost,
            }
        }
    }

    /// The next text, which must come.
    pub(crate) fn text(&mut self) -> String {
        match self.hear() {
            Heard::Text(text) => text,
            other => panic!("no text: {other:?}"),
        }
    }

    pub(crate) fn value(&mut self) -> Value {
        value(&self.text())
    }

    /// Everything until the connection ends, and how it did.
    pub(crate) fn rest(mut self) -> (Vec<String>, Heard) {
        let mut texts = Vec::new();
        loop {
            match self.hear() {
                Heard::Text(text) => texts.push(text),
                end => return (texts, end),
            }
        }
    }
}

/// An answer of REST: the status, its headers, its text.
pub(crate) fn get(double: &Double, path: &str) -> (u16, ureq::http::HeaderMap, String) {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .proxy(None)
        .http_status_as_error(false)
        .timeout_global(Some(PATIENCE))
        .build()
        .into();
    let mut response = agent.get(format!("{}{path}", double.rest_url())).call().unwrap();
    let text = response.body_mut().read_to_string().unwrap();
    (response.status().as_u16(), response.headers().clone(), text)
}
