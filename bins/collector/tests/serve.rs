//! `collector serve` as a user runs it: a socket, signals, exit codes.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};

use serde_json::Value;

/// A server that runs.
struct Server {
    process: Child,
    stderr: BufReader<ChildStderr>,
    address: String,
}

impl Server {
    fn start(inputs: &[&Path], flags: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_collector"))
            .arg("serve")
            .args(inputs)
            .args(["--listen", "127.0.0.1:0", "--json"])
            .args(flags)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = BufReader::new(process.stderr.take().unwrap());
        let mut said = String::new();
        let address = loop {
            let mut line = String::new();
            assert!(stderr.read_line(&mut line).unwrap() > 0, "it ended: {said}");
            if let Some((_, rest)) = line.split_once("listening on ws://") {
                break rest.split_whitespace().next().unwrap().to_owned();
            }
            said.push_str(&line);
        };
        Self { process, stderr, address }
    }

    /// Everything that a request brings until the server closes.
    fn ask(&self, path: &str, headers: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n{headers}\r\n", self.address);
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        // A server that cuts us ends what there is to read, whatever it says about it.
        let _end = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn get(&self, path: &str) -> String {
        self.ask(path, "Connection: close\r\n")
    }

    /// What a socket brings, frames and all.
    fn listen(&self, path: &str) -> String {
        self.ask(
            path,
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n",
        )
    }

    /// Waits for its end: the exit code, the summary, the rest of what it said.
    fn end(mut self) -> (i32, Value, String) {
        let mut said = String::new();
        self.stderr.read_to_string(&mut said).unwrap();
        let output = self.process.wait_with_output().unwrap();
        let summary = serde_json::from_slice(&output.stdout).unwrap_or_default();
        (output.status.code().unwrap(), summary, said)
    }

    fn signal(&self, name: &str) {
        let signal = format!("-{name}");
        let sent = Command::new("kill").args([signal, self.process.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }
}

fn capture(folder: &Path, steps: i64) -> PathBuf {
    fluxo_test_data::synthetic_capture(folder, "BTCUSDT", steps)
}

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_collector")).args(arguments).output().unwrap()
}

#[test]
fn a_capture_and_its_lake_are_served_alike() {
    let folder = tempfile::tempdir().unwrap();
    let capture = capture(folder.path(), 100);
    let lake = folder.path().join("lake");
    let (from, to) = (capture.to_str().unwrap(), lake.to_str().unwrap());
    let imported = run(&["import", "--format", "binance-raw", "--out", to, from]);
    assert!(imported.status.success());
    let mut heard = Vec::new();
    for input in [&capture, &lake] {
        let server = Server::start(&[input], &["--speed", "20"]);
        assert!(server.get("/fapi/v1/exchangeInfo").contains("\"tickSize\":\"0.1"));
        let text = server.listen("/public/stream?streams=btcusdt@depth");
        assert!(text.starts_with("HTTP/1.1 101"), "{text}");
        assert!(text.contains("x-fluxo-speed: 20\r\n") && text.contains("x-fluxo-time: 17"));
        assert!(text.contains("serverShutdown"));
        let payloads = text.split("{\"stream\":").skip(1).map(|frame| {
            // What follows is the head of the next frame.
            frame[..frame.rfind('}').unwrap()].to_owned()
        });
        heard.push(payloads.filter(|frame| frame.contains("depthUpdate")).collect::<Vec<_>>());
        let (code, summary, _) = server.end();
        assert_eq!((code, &summary["frames"], &summary["messages"]), (0, &201.into(), &100.into()));
        assert_eq!(summary["instrument"], "binance-usdm BTCUSDT");
    }
    assert_eq!(heard[0].len(), 100);
    assert!(heard[0] == heard[1], "the lake says something else than the capture");
}

#[test]
fn signals_end_it_well() {
    let folder = tempfile::tempdir().unwrap();
    let capture = capture(folder.path(), 2_000);
    for signal in ["INT", "TERM"] {
        let server = Server::start(&[&capture], &["--from", "+50"]);
        assert!(server.get("/fapi/v1/depth?symbol=BTCUSDT").contains("lastUpdateId"));
        server.signal(signal);
        let (code, summary, said) = server.end();
        assert_eq!(code, 0, "{said}");
        let counted = (&summary["snapshots"], &summary["frames_before"], &summary["frames"]);
        assert_eq!(counted, (&1.into(), &2_001.into(), &0.into()));
    }
}

#[test]
fn trouble_is_made_on_purpose() {
    let folder = tempfile::tempdir().unwrap();
    let capture = capture(folder.path(), 100);
    let flags = ["--speed", "5", "--lose-after", "1", "--lose-after", "1.5", "--cut-after", "3"];
    let server = Server::start(&[&capture], &flags);
    let text = server.listen("/public/ws/btcusdt@depth");
    assert!(!text.contains("serverShutdown"));
    let heard = text.matches("depthUpdate").count();
    assert!((30..=58).contains(&heard), "{heard}");
    let (code, summary, _) = server.end();
    assert_eq!((code, &summary["lost"], &summary["cut"]), (0, &2.into(), &1.into()));
}

#[test]
fn what_cannot_be_served_is_one_clear_line() {
    let folder = tempfile::tempdir().unwrap();
    let capture = capture(folder.path(), 10);
    let (file, here) = (capture.to_str().unwrap(), "127.0.0.1:0");
    let server = Server::start(&[&capture], &[]);
    let missing = folder.path().join("missing").to_str().unwrap().to_owned();
    let other = folder.path().join("other.txt");
    std::fs::write(&other, "hello\n").unwrap();
    for (arguments, code, words) in [
        (vec![file, "--listen", &server.address], 2, ["cannot listen", "another port"]),
        (vec![file, "--listen", "0.0.0.0:0"], 2, ["other machines", "--allow-remote"]),
        (vec![file, "--listen", here, "--speed", "0"], 2, ["speed of 0", "--speed"]),
        (vec![file, "--listen", here, "--from", "+9"], 2, ["ends at", "earlier --from"]),
        (vec![file, "--listen", here, "--from", "noon"], 2, ["noon", "+SECONDS"]),
        (vec![file, "--listen", "here"], 2, ["here", "--listen"]),
        (vec![file], 2, ["--listen", "required"]),
        (vec![&missing, "--listen", here], 2, ["missing", "check the path"]),
        (vec![file, "--listen", here, "--symbol", "ETHUSDT"], 2, ["holds", "--symbol"]),
        (vec![other.to_str().unwrap(), "--listen", here], 4, ["other.txt", "captures"]),
    ] {
        let output = run(&[&["serve"], &arguments[..]].concat());
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {stderr}");
        assert!(words.iter().all(|word| stderr.contains(word)), "{arguments:?}: {stderr}");
        assert!(output.stdout.is_empty());
    }
    server.signal("TERM");
    assert_eq!(server.end().0, 0);
}

#[test]
fn a_damaged_capture_is_played_up_to_the_damage() {
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read(capture(folder.path(), 4_000)).unwrap();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(&text).unwrap();
    let packed = packed.finish().unwrap();
    let path = folder.path().join("cut.gz");
    std::fs::write(&path, &packed[..packed.len() / 2]).unwrap();
    let server = Server::start(&[&path], &["--speed", "400"]);
    let text = server.listen("/public/ws/btcusdt@depth");
    assert!(text.contains("serverShutdown"));
    let (code, summary, said) = server.end();
    assert_eq!(code, 4, "{said}");
    assert!(summary["frames"].as_u64().unwrap() > 1_000);
    assert!(said.contains("error:") && said.contains("cut.gz"), "{said}");
    assert_eq!(said.lines().filter(|line| line.starts_with("error:")).count(), 1, "{said}");
}
