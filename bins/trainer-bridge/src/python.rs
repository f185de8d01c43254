//! The trainer in Python as a child process: found, started, listened to, and never outwaited.
//!
//! It says what it does as JSON lines on stdout and talks to people on stderr, which goes to a log. Its
//! exit code is ours: 2 what the user fixes, 4 unfit data, everything else a fault.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use anyhow::anyhow;
use fluxo_report::{Failure, Outcome, ProgressLine, Unfit};
use serde::Deserialize;
use serde_json::Value;

use crate::clock::Stopwatch;

/// Names the interpreter for this and every other run.
const VARIABLE: &str = "FLUXO_PYTHON";
/// Where `cargo setup --python` puts it, from the project's root.
const ENVIRONMENT: &str = ".venv/bin/python";
/// Where the package lies, likewise.
const SOURCES: &str = "python/src";
const PACKAGE: &str = "fluxo_train";
/// Tells the trainer that its stdin closes when this process ends, however it ends: it ends, too.
const WATCH: &str = "FLUXO_TRAIN_WATCH_STDIN";
const REMEDY: &str = "run `cargo setup --python`, or name an interpreter with --python";
/// How often a silent trainer is looked at.
const LOOK: Duration = Duration::from_millis(20);
/// How long the last words of a trainer that ended are waited for. Its group is gone by then: only a
/// process that left the group can hold them back.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// Libraries that would start a thread per core: two of them on two busy cores are slower than one,
/// and sums over threads differ from run to run.
const ONE_THREAD: [&str; 5] = [
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
];

/// An interpreter that can run the trainer.
#[derive(Clone, Debug)]
pub(crate) struct Python {
    program: PathBuf,
    /// Where the package is imported from, when its sources lie near.
    sources: Option<PathBuf>,
}

/// What the trainer says.
#[derive(Debug, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Said {
    Progress {
        phase: String,
        done: u64,
        total: u64,
    },
    Result(Value),
    Error {
        message: String,
        #[serde(default)]
        remedy: String,
    },
    /// A later trainer may say more.
    #[serde(other)]
    Other,
}

impl Python {
    /// The interpreter that is named; else that of the environment variable, else that of the nearest
    /// `.venv` of this folder and the ones above. `None` where none is named and none is there.
    ///
    /// # Errors
    /// One is named and is not there.
    pub(crate) fn find(named: Option<&Path>) -> Outcome<Option<Self>> {
        let variable = variable(VARIABLE);
        let folder = std::env::current_dir().or_usage()?;
        let program = match named.or(variable.as_deref()) {
            Some(path) if path.is_file() => Some(std::path::absolute(path).or_usage()?),
            Some(path) => {
                let by = if named.is_some() { "--python" } else { VARIABLE };
                let what = anyhow!("{by} names {}, and there is no such file", path.display());
                return Err(Failure::usage(what).remedy(REMEDY));
            }
            None => folder.ancestors().map(|at| at.join(ENVIRONMENT)).find(|path| path.is_file()),
        };
        Ok(program.map(|program| {
            // The project is around this folder, or around the environment.
            let roots = folder.ancestors().chain(program.ancestors().skip(1));
            let places = roots.map(|root| root.join(SOURCES));
            let sources = places.into_iter().find(|place| place.join(PACKAGE).is_dir());
            Self { program, sources }
        }))
    }

    /// As [`Self::find`], where none is a failure.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn required(named: Option<&Path>) -> Outcome<Self> {
        Self::find(named)?.ok_or_else(|| {
            Failure::usage(anyhow!("training needs the Python environment, and there is none"))
                .remedy(REMEDY)
        })
    }

    /// What the trainer says of the arguments of one of its commands.
    ///
    /// # Errors
    /// It could not be started, or ended with another code than 0.
    pub(crate) fn help(&self, command: &str) -> Outcome<Vec<u8>> {
        let mut asked = self.command(&[command.to_owned(), "--help".to_owned()]);
        // It is waited for, and nothing that it started outlives it.
        asked.env_remove(WATCH).stdin(Stdio::null());
        let output = asked.output().map_err(|error| self.not_started(error))?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let mut heard = Hearing::default();
        output.stdout.split(|byte| *byte == b'\n').for_each(|line| heard.hear(line));
        if heard.error.is_some() {
            return heard.conclude(output.status, "no log").map(|_| Vec::new());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().last().unwrap_or("it said nothing");
        Err(Failure::internal(anyhow!("the trainer ended with {}: {last}", output.status)))
    }

    fn not_started(&self, error: std::io::Error) -> Failure {
        let what = format!("cannot start {}", self.program.display());
        Failure::usage(error).while_doing(what).remedy(REMEDY)
    }

    /// Runs a command of the trainer, and returns the values of its result. What it tells people goes
    /// to `log`, if there is one, which lies at `log_place`.
    ///
    /// # Errors
    /// It could not be started, ended with another code than 0, or took longer than `limit`.
    pub(crate) fn run(
        &self,
        arguments: &[String],
        log: Option<File>,
        log_place: &str,
        limit: Option<Duration>,
    ) -> Outcome<Value> {
        let stopwatch = Stopwatch::start();
        let mut child = self.command(arguments).spawn().map_err(|error| self.not_started(error))?;
        let (said, logged) = listen(&mut child, log);
        let mut heard = Hearing::default();
        let ended = heard.until_the_end(&mut child, &said, &stopwatch, limit);
        // What it started ends with it, and lets go of its stdout and stderr.
        kill_group(&mut child);
        let Some(status) = ended? else {
            let _its_status_says_nothing = child.wait();
            let limit = limit.unwrap_or_default().as_secs();
            return Err(Failure::stopped(anyhow!("training took longer than {limit} s"))
                .remedy("give it more with --time-limit, or fewer rows"));
        };
        heard.last_words(&said);
        // The log is whole when its writer is done; it lets go of the other end then.
        let _some_words_are_late = logged.recv_timeout(LAST_WORDS);
        heard.conclude(status, log_place)
    }

    fn command(&self, arguments: &[String]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(["-m", PACKAGE]).args(arguments);
        command.envs(ONE_THREAD.map(|name| (name, "1")));
        command.env("PYTHONUNBUFFERED", "1").env("PYTHONHASHSEED", "0");
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        if let Some(sources) = &self.sources {
            command.env("PYTHONPATH", sources);
        }
        command.env(WATCH, "1");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command
    }
}

/// Ends the trainer and every process of its group, whether or not it ended by itself.
fn kill_group(child: &mut Child) {
    #[cfg(unix)]
    {
        // The standard library kills one process only, and every shell can do this.
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", "kill -s KILL -- \"-$0\"", &child.id().to_string()]);
        let quiet = shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let _there_may_be_none = quiet.status();
    }
    let _it_may_be_over = child.kill();
}

/// The lines of stdout as they come, and what tells when those of stderr are all in the log.
fn listen(child: &mut Child, mut log: Option<File>) -> (Receiver<Vec<u8>>, Receiver<()>) {
    let (sender, receiver) = channel();
    let stdout = child.stdout.take().expect("stdout is piped");
    thread::spawn(move || {
        for line in BufReader::new(stdout).split(b'\n').map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    let (done, logged) = channel();
    let stderr = child.stderr.take().expect("stderr is piped");
    thread::spawn(move || {
        for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
            tracing::info!("{}", String::from_utf8_lossy(&line));
            if let Some(log) = &mut log {
                // A full disk must not end the training whose words it loses.
                let _lost = log.write_all(&line).and_then(|()| log.write_all(b"\n"));
            }
        }
        drop(log);
        let _nobody_waits = done.send(());
    });
    (receiver, logged)
}

/// What was said so far.
#[derive(Default)]
struct Hearing {
    result: Option<Value>,
    error: Option<(String, String)>,
    line: Option<(String, ProgressLine)>,
}

impl Hearing {
    /// Listens until the trainer ends, whoever holds its stdout; `None` when time ran out first.
    fn until_the_end(
        &mut self,
        child: &mut Child,
        said: &Receiver<Vec<u8>>,
        stopwatch: &Stopwatch,
        limit: Option<Duration>,
    ) -> Outcome<Option<ExitStatus>> {
        let ended = loop {
            match said.recv_timeout(LOOK) {
                Ok(line) => self.hear(&line),
                Err(RecvTimeoutError::Timeout) => {}
                // It closed its stdout, and may go on.
                Err(RecvTimeoutError::Disconnected) => thread::sleep(LOOK),
            }
            match child.try_wait().or_internal() {
                Ok(None) => {}
                ended => break ended,
            }
            if limit.is_some_and(|limit| stopwatch.elapsed() >= limit) {
                break Ok(None);
            }
        };
        self.clear();
        ended
    }

    /// What was said and not yet heard when the trainer ended.
    fn last_words(&mut self, said: &Receiver<Vec<u8>>) {
        let stopwatch = Stopwatch::start();
        while let Ok(line) = said.recv_timeout(LAST_WORDS.saturating_sub(stopwatch.elapsed())) {
            self.hear(&line);
        }
        self.clear();
    }

    fn hear(&mut self, line: &[u8]) {
        match serde_json::from_slice(line) {
            Ok(Said::Progress { phase, done, total }) => self.show(phase, done, total),
            Ok(Said::Result(values)) => self.result = Some(values),
            Ok(Said::Error { message, remedy }) => self.error = Some((message, remedy)),
            Ok(Said::Other) => {}
            Err(_) => tracing::info!("{}", String::from_utf8_lossy(line)),
        }
    }

    fn show(&mut self, phase: String, done: u64, total: u64) {
        if self.line.as_ref().is_none_or(|(shown, _)| *shown != phase) {
            self.clear();
            let line = ProgressLine::towards("steps", total);
            line.on(phase.clone());
            self.line = Some((phase, line));
        }
        if let Some((_, line)) = &self.line {
            line.at(done);
        }
    }

    fn clear(&mut self) {
        if let Some((_, line)) = self.line.take() {
            line.clear();
        }
    }

    /// The result, if the trainer says so in every way.
    fn conclude(self, status: ExitStatus, log: &str) -> Outcome<Value> {
        let see_log = format!("its words are in {log}");
        let (message, remedy) = match self.error {
            Some((message, remedy)) if remedy.is_empty() => (message, see_log),
            Some(error) => error,
            None => (format!("the trainer ended with {status}"), see_log),
        };
        match (status.code(), self.result) {
            (Some(0), Some(result)) => Ok(result),
            (Some(0), None) => {
                Err(Failure::internal(anyhow!("the trainer ended without a result")).remedy(remedy))
            }
            (Some(2), _) => Err(Failure::usage(anyhow!("{message}")).remedy(remedy)),
            (Some(4), _) => Err(Failure::damaged(anyhow!("{message}")).remedy(remedy)),
            (Some(5), _) => Err(Failure::stopped(anyhow!("{message}")).remedy(remedy)),
            _ => Err(Failure::internal(anyhow!("{message}")).remedy(remedy)),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "an edge is told by the environment where things lie"
)]
fn variable(name: &str) -> Option<PathBuf> {
    std::env::var(name).ok().filter(|value| !value.is_empty()).map(PathBuf::from)
}
