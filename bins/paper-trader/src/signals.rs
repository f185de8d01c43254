//! SIGINT and SIGTERM: the first stops the session in good order, the second at once.

use std::io;

use fluxo_report::Exit;
use fluxo_session::Stopper;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Stops the session on a signal, for as long as the process lives.
pub(crate) fn stop_on_signals(stopper: Stopper) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let (mut interrupt, mut terminate) = {
        let _inside = runtime.enter();
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
    };
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        runtime.block_on(async {
            one_of(&mut interrupt, &mut terminate).await;
            tracing::info!("stopping: working orders are withdrawn first");
            stopper.stop();
            one_of(&mut interrupt, &mut terminate).await;
            tracing::warn!("stopped at once: the journal is not finished, and can be replayed");
            std::process::exit(Exit::Internal as i32);
        });
    })?;
    Ok(())
}

async fn one_of(interrupt: &mut Signal, terminate: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
