//! What the tests of this crate have in common: folders, and a small invented recording.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A folder that vanishes, in memory where the system has a place for that: tests wait for the
/// medium thousands of times.
pub(crate) fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}

/// The content of every file below a folder, by its path there; locks and empty folders do not count.
pub(crate) fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for path in fs::read_dir(next).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().unwrap() != crate::lock::LOCK_NAME {
                let content = fs::read(&path).unwrap();
                files.insert(path.strip_prefix(folder).unwrap().to_owned(), content);
            }
        }
    }
    files
}

/// Writes a file and returns its path.
pub(crate) fn file(folder: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    path
}

pub(crate) fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// Invents lines of a spot recording whose book can be synchronised.
pub(crate) struct Script {
    symbol: &'static str,
    ts_recv: i64,
    update: u64,
    trade: u64,
    state: u64,
    lines: Vec<u8>,
}

/// A minute before midnight UTC.
pub(crate) const START: i64 = 1_723_161_540_000_000_000;

impl Script {
    pub(crate) fn new(symbol: &'static str) -> Self {
        Self { symbol, ts_recv: START, update: 100, trade: 1, state: 1, lines: Vec::new() }
    }

    /// A recording of `frames` lines with a snapshot, `step` nanoseconds apart.
    pub(crate) fn recording(frames: usize, step: i64) -> Vec<u8> {
        let mut script = Self::new("BTCUSDT");
        script.depth().snapshot();
        while script.lines.iter().filter(|byte| **byte == b'\n').count() < frames {
            script.wait(step);
            match script.random(4) {
                0 => script.trade(),
                1 => script.ticker(),
                _ => script.depth(),
            };
        }
        script.text()
    }

    pub(crate) fn text(&self) -> Vec<u8> {
        self.lines.clone()
    }

    pub(crate) fn wait(&mut self, nanos: i64) -> &mut Self {
        self.ts_recv += nanos;
        self
    }

    /// Loses depth updates.
    pub(crate) fn lose(&mut self) -> &mut Self {
        self.update += 7;
        self
    }

    pub(crate) fn depth(&mut self) -> &mut Self {
        let (first, price) = (self.update + 1, 60_000 + self.random(50));
        self.update += 1 + self.random(3);
        let (symbol, last, size) = (self.symbol, self.update, self.random(9));
        self.frame(&format!(
            r#"{{"e":"depthUpdate","E":1723161541000,"s":"{symbol}","U":{first},"u":{last},"b":[["{price}.10","0.{size}"]],"a":[["7{price}.25","1.{size}"],["7{price}.5","0"]]}}"#
        ))
    }

    pub(crate) fn snapshot(&mut self) -> &mut Self {
        let last = self.update;
        self.frame(&format!(
            r#"{{"lastUpdateId":{last},"bids":[["59999.00","1.5"]],"asks":[["99999.00","2"]]}}"#
        ))
    }

    pub(crate) fn trade(&mut self) -> &mut Self {
        self.trade += 1;
        let (symbol, trade, size) = (self.symbol, self.trade, 1 + self.random(9));
        self.frame(&format!(
            r#"{{"e":"trade","E":1723161541000,"s":"{symbol}","t":{trade},"p":"60000.10","q":"0.00{size}","T":1723161540999,"m":true,"M":true}}"#
        ))
    }

    pub(crate) fn ticker(&mut self) -> &mut Self {
        let (symbol, update) = (self.symbol, self.update);
        self.frame(&format!(
            r#"{{"u":{update},"s":"{symbol}","b":"60000.10","B":"1","a":"60000.2","A":"2"}}"#
        ))
    }

    /// A line with the next receive time and any payload.
    pub(crate) fn frame(&mut self, payload: &str) -> &mut Self {
        self.ts_recv += 1_000;
        let line = format!("{} {payload}", self.ts_recv);
        self.line(&line)
    }

    /// Any line.
    pub(crate) fn line(&mut self, line: &str) -> &mut Self {
        self.lines.extend_from_slice(line.as_bytes());
        self.lines.push(b'\n');
        self
    }

    /// A number below `limit`, the same ones in every run.
    fn random(&mut self, limit: u64) -> u64 {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.state >> 33) % limit
    }
}
