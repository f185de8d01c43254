//! Where a bundle is published: beside its place until it is verified, then renamed.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use fluxo_report::{Failure, Outcome};

/// What a bundle has, and hardly anything else.
const MANIFEST: &str = "manifest.json";

/// What a replaced bundle is called until the new one has its name.
const OLD: &str = "old";

/// Room beside the place of a bundle, for one run at a time.
pub(crate) struct Place {
    bundle: PathBuf,
    /// Whether a bundle that is there gives way.
    replace: bool,
    /// A folder with a name that nothing looks for.
    room: PathBuf,
    /// This run's part of it: a trainer that outlived its run writes to another one.
    own: PathBuf,
    /// Locked while it is held.
    _lock: File,
}

impl Place {
    /// Takes the room beside `bundle`, and clears it of what a killed run left. The bundle that such a
    /// run had already moved out of the way gets its name back first.
    pub(crate) fn take(bundle: &Path, replace: bool) -> Outcome<Self> {
        let bundle = std::path::absolute(bundle).map_err(Failure::usage)?;
        let Some(name) = bundle.file_name().map(|name| name.to_string_lossy().into_owned()) else {
            return Err(Failure::usage(anyhow!("{} is no name for a bundle", bundle.display()))
                .remedy("name a new folder with --out"));
        };
        if is_there(&bundle) {
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
        let mut left = Vec::new();
        for entry in fs::read_dir(&room).map_err(failed(&room))? {
            left.push(entry.map_err(failed(&room))?.path());
        }
        let old = left.iter().map(|run| run.join(OLD)).find(|old| is_there(old));
        if let Some(old) = old.filter(|_| !is_there(&bundle)) {
            fs::rename(&old, &bundle).map_err(failed(&bundle))?;
            tracing::warn!("{} is back: a run was stopped while replacing it", bundle.display());
        }
        for left in left {
            fs::remove_dir_all(&left).map_err(failed(&left))?;
        }
        // It may have come since the first look, or only now.
        if is_there(&bundle)
            && let Err(taken) = check_taken(&bundle, replace)
        {
            let _left_for_the_next_run = fs::remove_dir_all(&room);
            return Err(taken);
        }
        let own = room.join(std::process::id().to_string());
        fs::create_dir(&own).map_err(failed(&own))?;
        Ok(Self { bundle, replace, room, own, _lock: lock })
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
    /// never half of one, and a run that is killed there leaves both to the next one, which puts the
    /// old one back.
    pub(crate) fn publish(self) -> Outcome<()> {
        let old = self.own.join(OLD);
        let swap = || -> std::io::Result<()> {
            let gives_way = self.replace && is_there(&self.bundle);
            if gives_way {
                fs::rename(&self.bundle, &old)?;
            }
            if let Err(error) = fs::rename(self.unfinished(), &self.bundle) {
                if gives_way {
                    fs::rename(&old, &self.bundle)?;
                }
                return Err(error);
            }
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

/// Whether anything has the name, even a link to nothing.
fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_stays_when_the_new_one_cannot_take_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let bundle = folder.path().join("bundle");
        fs::create_dir(&bundle).unwrap();
        fs::write(bundle.join(MANIFEST), "old").unwrap();
        let place = Place::take(&bundle, true).unwrap();
        // Nothing was written: the second rename fails.
        assert!(place.publish().is_err());
        assert_eq!(fs::read_to_string(bundle.join(MANIFEST)).unwrap(), "old");
    }
}
