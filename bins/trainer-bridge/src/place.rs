//! Where a bundle is published: beside its place until it is verified, then renamed.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use fluxo_report::{Failure, Outcome};

/// What a bundle has, and hardly anything else.
const MANIFEST: &str = "manifest.json";

/// Room beside the place of a bundle, for one run at a time.
pub(crate) struct Place {
    bundle: PathBuf,
    /// A folder with a name that nothing looks for.
    room: PathBuf,
    /// This run's part of it: a trainer that outlived its run writes to another one.
    own: PathBuf,
    /// Locked while it is held.
    _lock: File,
}

impl Place {
    /// Takes the room beside `bundle`, and clears it of what a killed run left.
    pub(crate) fn take(bundle: &Path, replace: bool) -> Outcome<Self> {
        let bundle = std::path::absolute(bundle).map_err(Failure::usage)?;
        let Some(name) = bundle.file_name().map(|name| name.to_string_lossy().into_owned()) else {
            return Err(Failure::usage(anyhow!("{} is no name for a bundle", bundle.display()))
                .remedy("name a new folder with --out"));
        };
        if bundle.symlink_metadata().is_ok() {
            check_taken(&bundle, replace)?;
        }
        let room = bundle.with_file_name(format!(".{name}.unfinished"));
        let failed = |path: &Path| {
            let what = format!("cannot write {}", path.display());
            move |error| failure(error, &what)
        };
        fs::create_dir_all(&room).map_err(failed(&room))?;
        let lock = File::open(&room).map_err(failed(&room))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let what = anyhow!("{} is being trained by another process", bundle.display());
                return Err(Failure::usage(what).remedy("wait for it to end"));
            }
            Err(TryLockError::Error(error)) => return Err(failed(&room)(error)),
        }
        for entry in fs::read_dir(&room).map_err(failed(&room))? {
            let left = entry.map_err(failed(&room))?.path();
            fs::remove_dir_all(&left).map_err(failed(&left))?;
        }
        let own = room.join(std::process::id().to_string());
        fs::create_dir(&own).map_err(failed(&own))?;
        Ok(Self { bundle, room, own, _lock: lock })
    }

    /// Where the trainer writes the bundle.
    pub(crate) fn unfinished(&self) -> PathBuf {
        self.own.join("bundle")
    }

    /// The final place.
    pub(crate) fn bundle(&self) -> &Path {
        &self.bundle
    }

    /// Where the trainer's words are kept.
    pub(crate) fn log(&self) -> PathBuf {
        let mut name = self.bundle.file_name().unwrap_or_default().to_owned();
        name.push(".train.log");
        self.bundle.with_file_name(name)
    }

    /// Gives the bundle its name. One that was there gives way: between two renames there is none,
    /// never half of one.
    pub(crate) fn publish(self) -> Outcome<()> {
        let swap = || -> std::io::Result<()> {
            if self.bundle.exists() {
                fs::rename(&self.bundle, self.own.join("old"))?;
            }
            fs::rename(self.unfinished(), &self.bundle)?;
            let parent = self.bundle.parent().unwrap_or(&self.bundle);
            File::open(parent)?.sync_all()
        };
        let what = format!("cannot write {}", self.bundle.display());
        swap().map_err(|error| failure(error, &what))?;
        self.abandon();
        Ok(())
    }

    /// Leaves nothing behind but the log.
    pub(crate) fn abandon(&self) {
        // It would be cleared by the next run as well.
        let _left_for_the_next_run = fs::remove_dir_all(&self.room);
    }
}

/// Refuses to take the place of anything but a bundle, and of a bundle unless that was asked for.
fn check_taken(bundle: &Path, replace: bool) -> Outcome<()> {
    let is_bundle = bundle.join(MANIFEST).is_file();
    if is_bundle && replace {
        return Ok(());
    }
    let what = anyhow!("{} exists", bundle.display());
    Err(Failure::usage(what).remedy(if is_bundle {
        "choose another --out, or --replace it"
    } else {
        "choose another --out: it holds something else"
    }))
}

fn failure(error: std::io::Error, what: &str) -> Failure {
    Failure::usage(error)
        .while_doing(what.to_owned())
        .remedy("choose another --out, free some space, or change its permissions")
}
