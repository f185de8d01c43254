//! Ctrl-C and SIGTERM, which stop a double gently.

use std::io;
use std::thread;

use tokio::signal::unix::{SignalKind, signal};

use super::Stopper;

/// From here on both signals stop the double.
pub(super) fn stop_on_signals(stopper: Stopper) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut interrupt, mut terminate) = {
        let _entered = runtime.enter();
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
    };
    thread::Builder::new().name("double-signals".to_owned()).spawn(move || {
        runtime.block_on(async {
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                stopper.stop();
            }
        });
    })?;
    Ok(())
}
