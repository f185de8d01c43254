//! The control socket: one word a line in, one line of JSON out, over a Unix domain socket.
//!
//! Words become commands in the same queue as the frames, so that what a person asks for has its
//! place in the one order. A bundle is verified and loaded here, beside the engine's thread, and only
//! a whole one becomes a command. Only the user who runs the session may connect.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread::JoinHandle;
use std::time::Duration;

use fluxo_report::{Failure, Outcome, Unfit};
use fluxo_venues::client::Inbox;
use serde_json::{Value, json};

use super::asked::{Command, Status};
use super::source::Ask;
use crate::EngineFile;
use crate::models::Models;

/// How long a person waits for an answer, and the session for the rest of a line.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often the socket is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// No command is longer: a word, and perhaps a path.
const LINE_BYTES_MAX: u64 = 8_192;
const WORDS: &str = "status, halt, reduce, resume, stop or bundle DIR";
/// The word before the folder of a bundle.
const BUNDLE: &str = "bundle ";

/// What a bundle has to fit.
#[derive(Debug)]
pub(crate) struct BundleLoader {
    pub(crate) file: EngineFile,
    pub(crate) symbol: String,
    pub(crate) library: Option<PathBuf>,
}

impl BundleLoader {
    fn load(&self, folder: &str) -> Outcome<Command> {
        let folder = Path::new(folder);
        let models = Models::load(folder, &self.file, &self.symbol, self.library.as_deref())?;
        Ok(Command::UseBundle(Box::new(models)))
    }
}

/// A socket that listens until it is dropped. One person is served at a time.
#[derive(Debug)]
pub(crate) struct ControlSocket {
    path: PathBuf,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl ControlSocket {
    pub(crate) fn open(
        path: &Path,
        inbox: &Arc<Inbox<Ask>>,
        loader: BundleLoader,
    ) -> Outcome<Self> {
        let cannot = |error: io::Error| {
            Failure::usage(error)
                .while_doing(format!("cannot listen on {}", path.display()))
                .remedy("choose another path for --control")
        };
        clear_leftover(path)?;
        let listener = UnixListener::bind(path).map_err(cannot)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(cannot)?;
        listener.set_nonblocking(true).map_err(cannot)?;
        let over = Arc::new(AtomicBool::new(false));
        let (inbox, until) = (Arc::clone(inbox), Arc::clone(&over));
        let serve = move || {
            while !until.load(Ordering::SeqCst) {
                match listener.accept() {
                    Ok((stream, _)) => {
                        if let Err(error) = converse(&stream, &inbox, &loader) {
                            tracing::debug!(%error, "a control connection broke off");
                        }
                    }
                    Err(_) => std::thread::sleep(LOOK_EVERY),
                }
            }
        };
        let thread = std::thread::Builder::new().name("control".to_owned()).spawn(serve);
        let thread = thread.map_err(|error| Failure::internal(error).while_doing("control"))?;
        Ok(Self { path: path.to_owned(), over, thread: Some(thread) })
    }
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            // A panic there was printed; nothing here depends on it.
            let _panicked = thread.join();
        }
        // Somebody may have removed it.
        let _gone = fs::remove_file(&self.path);
    }
}

/// Removes what a killed session left, and refuses what is alive or none of ours.
fn clear_leftover(path: &Path) -> Outcome<()> {
    match UnixStream::connect(path) {
        Ok(_) => {
            Err(Failure::usage(anyhow::anyhow!("another session listens on {}", path.display()))
                .remedy("choose another path for --control"))
        }
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path)
            .or_usage()
            .map_err(|failure| failure.while_doing(format!("cannot clear {}", path.display()))),
        Err(_) => Ok(()),
    }
}

fn converse(stream: &UnixStream, inbox: &Inbox<Ask>, loader: &BundleLoader) -> io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut lines = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if (&mut lines).take(LINE_BYTES_MAX).read_line(&mut line)? == 0 {
            return Ok(());
        }
        let mut stream = stream;
        writeln!(stream, "{}", reply(line.trim(), inbox, loader))?;
    }
}

fn reply(line: &str, inbox: &Inbox<Ask>, loader: &BundleLoader) -> Value {
    let command = match line.strip_prefix(BUNDLE) {
        Some(folder) => match loader.load(folder.trim()) {
            Ok(command) => command,
            Err(failure) => return json!({"error": failure.to_string()}),
        },
        None => match Command::from_word(line) {
            Some(command) => command,
            None => return json!({"error": format!("there is no command `{line}`: {WORDS}")}),
        },
    };
    let (answer_to, answer) = sync_channel::<Status>(1);
    if !inbox.push_command(Ask { command, answer_to: Some(answer_to) }) {
        return json!({"error": "too many commands wait"});
    }
    match answer.recv_timeout(PATIENCE) {
        Ok(status) => json!({"ok": line, "status": status}),
        Err(_) => json!({"error": format!("no answer within {} s", PATIENCE.as_secs())}),
    }
}

/// Asks a running session, and returns its answer. `line` is a command as the socket takes it.
///
/// # Errors
/// When nobody listens there, or the answer is an error.
pub fn ask(socket: &Path, line: &str) -> Outcome<Value> {
    let exchange = || -> io::Result<String> {
        let mut stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(2 * PATIENCE))?;
        writeln!(stream, "{line}")?;
        let mut answer = String::new();
        BufReader::new(&stream).read_line(&mut answer)?;
        Ok(answer)
    };
    let answer = exchange().map_err(|error| {
        Failure::usage(error)
            .while_doing(format!("asking the session at {}", socket.display()))
            .remedy("give the path that the session was given with --control")
    })?;
    let answer: Value = serde_json::from_str(&answer).or_internal()?;
    match answer.get("error").and_then(Value::as_str) {
        Some(error) => Err(Failure::usage(anyhow::anyhow!("{error}"))),
        None => Ok(answer),
    }
}
