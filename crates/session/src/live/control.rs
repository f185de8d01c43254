//! The control socket: one word a line in, one line of JSON out, over a Unix domain socket.
//!
//! Words become commands in the same queue as the frames, so that what a person asks for has its
//! place in the one order. A bundle is verified and loaded here, beside the engine's thread, and only
//! a whole one becomes a command. Only the user who runs the session may connect. A command that was
//! not begun when whoever asked gave up is not done.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;

use fluxo_core::InstrumentSpec;
use fluxo_report::{Exit, Failure, Outcome, Unfit};
use fluxo_venues::client::Inbox;
use serde_json::{Value, json};

use super::asked::{Claim, Command, Status};
use super::source::Ask;
use crate::EngineFile;
use crate::clock::Stopwatch;
use crate::models::Models;

/// How long a person waits for an answer, and the session for a line.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a person waits for a bundle: it is loaded, and asked for all of its golden rows.
const BUNDLE_PATIENCE: Duration = Duration::from_secs(60);
/// How much longer for the answer to a command that the session is acting on.
const GRACE: Duration = Duration::from_secs(1);
/// How often the socket, and the end of the session, are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// The most connections at a time: one that only polls must not lock out the one that halts.
const CONNECTIONS_MAX: usize = 8;
/// How long a session that is over waits for its last answers to be written.
const FAREWELL: Duration = Duration::from_secs(1);
/// No command is longer: a word, and perhaps a path.
const LINE_BYTES_MAX: usize = 8_192;
const WORDS: &str = "status, halt, reduce, resume, stop or bundle DIR";
/// The word before the folder of a bundle.
const BUNDLE: &str = "bundle ";

/// What a bundle has to fit.
#[derive(Debug)]
pub(crate) struct BundleLoader {
    pub(crate) file: EngineFile,
    /// Put here as soon as the venue has said it: what a model reads depends on it.
    pub(crate) spec: Arc<OnceLock<InstrumentSpec>>,
    pub(crate) library: Option<PathBuf>,
}

impl BundleLoader {
    fn load(&self, folder: &str) -> Outcome<Command> {
        let folder = Path::new(folder);
        let Some(spec) = self.spec.get() else {
            let what = anyhow::anyhow!("`{BUNDLE}…` is not done: the venue has not answered yet");
            return Err(Failure::stopped(what).remedy("ask again"));
        };
        let models = Models::load(folder, &self.file, spec, self.library.as_deref())?;
        Ok(Command::UseBundle(Box::new(models)))
    }
}

/// What all connections of a session share.
#[derive(Debug)]
struct Desk {
    inbox: Arc<Inbox<Ask>>,
    loader: BundleLoader,
    /// Held while a bundle is loaded: one at a time is enough for the memory.
    loading: Mutex<()>,
    over: AtomicBool,
    connections: AtomicUsize,
}

impl Desk {
    fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }
}

/// A connection's place among the [`CONNECTIONS_MAX`].
struct Place(Arc<Desk>);

impl Place {
    fn take(desk: &Arc<Desk>) -> Option<Self> {
        let place = Self(Arc::clone(desk));
        let taken = desk.connections.fetch_add(1, Ordering::SeqCst);
        (taken < CONNECTIONS_MAX).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A socket that listens until it is dropped.
#[derive(Debug)]
pub(crate) struct ControlSocket {
    path: PathBuf,
    desk: Arc<Desk>,
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
                .remedy(ANOTHER_PATH)
        };
        clear_leftover(path)?;
        let listener = UnixListener::bind(path).map_err(cannot)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(cannot)?;
        listener.set_nonblocking(true).map_err(cannot)?;
        let desk = Arc::new(Desk {
            inbox: Arc::clone(inbox),
            loader,
            loading: Mutex::new(()),
            over: AtomicBool::new(false),
            connections: AtomicUsize::new(0),
        });
        let of_thread = Arc::clone(&desk);
        let serve = move || {
            while !of_thread.is_over() {
                match listener.accept() {
                    Ok((stream, _)) => welcome(stream, &of_thread),
                    Err(_) => std::thread::sleep(LOOK_EVERY),
                }
            }
        };
        let thread = std::thread::Builder::new().name("control".to_owned()).spawn(serve);
        let thread = thread.map_err(|error| Failure::internal(error).while_doing("control"))?;
        Ok(Self { path: path.to_owned(), desk, thread: Some(thread) })
    }
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        self.desk.inbox.close();
        self.desk.over.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            // A panic there was printed; nothing here depends on it.
            let _panicked = thread.join();
        }
        let since = Stopwatch::start();
        // A process that ends in the midst of the runtime's code may not end well.
        let is_loading = self.desk.loading.try_lock().is_err();
        let farewell = if is_loading { 2 * PATIENCE } else { FAREWELL };
        while self.desk.connections.load(Ordering::SeqCst) > 0 && since.elapsed() < farewell {
            std::thread::sleep(LOOK_EVERY);
        }
        // Somebody may have removed it.
        let _gone = fs::remove_file(&self.path);
    }
}

const ANOTHER_PATH: &str = "choose another path for --control";

/// Removes what a killed session left, and refuses what is alive or none of ours.
fn clear_leftover(path: &Path) -> Outcome<()> {
    let cannot = |error: io::Error| {
        Failure::usage(error)
            .while_doing(format!("cannot clear {}", path.display()))
            .remedy(ANOTHER_PATH)
    };
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(cannot(error)),
        Ok(data) if !data.file_type().is_socket() => {
            let what = anyhow::anyhow!("{} is there and is no socket", path.display());
            return Err(Failure::usage(what).remedy(ANOTHER_PATH));
        }
        Ok(_) => {}
    }
    match UnixStream::connect(path) {
        Ok(_) => {
            let what = anyhow::anyhow!("another session listens on {}", path.display());
            Err(Failure::usage(what).remedy(ANOTHER_PATH))
        }
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            fs::remove_file(path).map_err(cannot)
        }
        Err(error) => Err(cannot(error)),
    }
}

/// Gives a connection a thread of its own, so that nobody waits for anybody else.
fn welcome(stream: UnixStream, desk: &Arc<Desk>) {
    let Some(place) = Place::take(desk) else {
        let what = anyhow::anyhow!("{CONNECTIONS_MAX} connections are open, and no more may be");
        // One line fits into the buffer of a new socket.
        let _gone = writeln!(&stream, "{}", refusal(&Failure::usage(what)));
        return;
    };
    let serve = move || {
        if let Err(error) = converse(&stream, &place.0) {
            tracing::debug!(%error, "a control connection broke off");
        }
        drop(place);
    };
    if let Err(error) = std::thread::Builder::new().name("control".to_owned()).spawn(serve) {
        tracing::warn!(%error, "no thread for a control connection");
    }
}

fn converse(stream: &UnixStream, desk: &Desk) -> io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(LOOK_EVERY))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut read = Vec::new();
    while let Some(line) = next_line(stream, &mut read, desk)? {
        let asked = Stopwatch::start();
        let mut writer = stream;
        writeln!(writer, "{}", reply(line.trim(), desk))?;
        if asked.elapsed() > PATIENCE {
            // Whoever sent another line meanwhile does not wait for it any more: it is not done.
            break;
        }
    }
    Ok(())
}

/// The next line; `None` at the end of the connection or the session, or where none comes.
fn next_line(
    mut stream: &UnixStream,
    read: &mut Vec<u8>,
    desk: &Desk,
) -> io::Result<Option<String>> {
    let since = Stopwatch::start();
    loop {
        if let Some(end) = read.iter().position(|byte| *byte == b'\n') {
            let line = read.drain(..=end).collect();
            return String::from_utf8(line).map(Some).map_err(io::Error::other);
        }
        if desk.is_over() || since.elapsed() > PATIENCE || read.len() > LINE_BYTES_MAX {
            return Ok(None);
        }
        let mut piece = [0; 1_024];
        match stream.read(&mut piece) {
            Ok(0) => return Ok(None),
            Ok(count) => read.extend(&piece[..count]),
            Err(error) if is_timeout(&error) => {}
            Err(error) => return Err(error),
        }
    }
}

fn is_timeout(error: &io::Error) -> bool {
    use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), Interrupted | TimedOut | WouldBlock)
}

fn reply(line: &str, desk: &Desk) -> Value {
    match perform(line, desk) {
        Ok(status) => json!({"ok": line, "status": status}),
        Err(failure) => refusal(&failure),
    }
}

/// A failure as an answer, with the code that `paper-trader control` exits with.
fn refusal(failure: &Failure) -> Value {
    json!({"error": failure.to_string(), "exit": failure.exit() as u8})
}

fn perform(line: &str, desk: &Desk) -> Outcome<Status> {
    let command = match line.strip_prefix(BUNDLE) {
        Some(folder) => load(folder.trim(), desk)?,
        None => Command::from_word(line).ok_or_else(|| {
            Failure::usage(anyhow::anyhow!("there is no command `{line}`: {WORDS}"))
        })?,
    };
    let (answer_to, answer) = sync_channel::<Status>(1);
    let is_stop = matches!(command, Command::Stop);
    let claim = Claim::default();
    let ask = Ask { command, answer_to: Some(answer_to), claim: claim.clone() };
    if is_stop { desk.inbox.push_urgent(ask) } else { desk.inbox.push_command(ask) }.or_usage()?;
    let mut said = answer.recv_timeout(PATIENCE);
    if matches!(said, Err(RecvTimeoutError::Timeout)) {
        if claim.take() {
            let what = anyhow::anyhow!(
                "`{line}` is not done: the session did not come to it within {} s",
                PATIENCE.as_secs()
            );
            return Err(Failure::stopped(what).remedy("ask again"));
        }
        said = answer.recv_timeout(GRACE);
    }
    said.map_err(|error| match error {
        RecvTimeoutError::Timeout => no_answer_yet(),
        RecvTimeoutError::Disconnected => {
            Failure::usage(anyhow::anyhow!("`{line}` is not done: the session is over"))
        }
    })
}

fn no_answer_yet() -> Failure {
    Failure::stopped(anyhow::anyhow!("no answer yet")).remedy("ask for its status")
}

fn load(folder: &str, desk: &Desk) -> Outcome<Command> {
    let Ok(_loading) = desk.loading.try_lock() else {
        let what = anyhow::anyhow!("another bundle is being loaded");
        return Err(Failure::usage(what).remedy("ask again when it is"));
    };
    let began = Stopwatch::start();
    let command = desk.loader.load(folder)?;
    // Whoever asked has to be there when it counts.
    if began.elapsed() > BUNDLE_PATIENCE - 2 * PATIENCE {
        let what = anyhow::anyhow!("the bundle took too long to load, and is not used");
        return Err(Failure::stopped(what).remedy("ask again"));
    }
    Ok(command)
}

/// Asks a running session, and returns its answer. `line` is a command as the socket takes it.
///
/// # Errors
/// When nobody listens there or answers in time, or the answer is an error, with its exit code.
pub fn ask(socket: &Path, line: &str) -> Outcome<Value> {
    let patience = if line.starts_with(BUNDLE) { BUNDLE_PATIENCE } else { 2 * PATIENCE };
    let exchange = || -> io::Result<String> {
        let mut stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(patience))?;
        writeln!(stream, "{line}")?;
        let mut answer = String::new();
        BufReader::new(&stream).read_line(&mut answer)?;
        Ok(answer)
    };
    let place = || format!("asking the session at {}", socket.display());
    let answer = match exchange() {
        Ok(answer) if answer.is_empty() => {
            let what = anyhow::anyhow!("the session ended before it answered");
            return Err(Failure::usage(what).while_doing(place()));
        }
        Ok(answer) => answer,
        Err(error) if is_timeout(&error) => return Err(no_answer_yet().while_doing(place())),
        Err(error) => {
            return Err(Failure::usage(error)
                .while_doing(place())
                .remedy("give the path that the session was given with --control"));
        }
    };
    let answer: Value = serde_json::from_str(&answer).or_internal()?;
    let Some(error) = answer.get("error").and_then(Value::as_str) else { return Ok(answer) };
    let what = anyhow::anyhow!("{error}");
    let exit = answer.get("exit").and_then(Value::as_u64);
    Err(match exit {
        Some(code) if code == Exit::Internal as u64 => Failure::internal(what),
        Some(code) if code == Exit::Damaged as u64 => Failure::damaged(what),
        Some(code) if code == Exit::Stopped as u64 => Failure::stopped(what),
        _ => Failure::usage(what),
    })
}
