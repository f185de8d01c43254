//! The folder of a report: nothing in it looks finished before it is.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use fluxo_report::{Failure, Outcome, RunSummary, Unfit};

const LOCK: &str = "run.lock";
const REPORT: &str = "report.json";
/// What a run publishes before its report.
const RESULT: &str = crate::fills::NAME;
const UNFINISHED: &str = "tmp";

/// A folder that one run writes its results to. Results have names that end in `.tmp` until the
/// run is over; the report comes last.
#[derive(Debug)]
pub(crate) struct OutFolder {
    path: PathBuf,
    lock: File,
}

impl OutFolder {
    /// Takes an empty folder, or makes one. What a killed run left is cleared away.
    pub(crate) fn open(path: &Path) -> Outcome<Self> {
        let shown = path.display();
        fs::create_dir_all(path)
            .or_usage()
            .map_err(|failure| failure.while_doing(format!("cannot make {shown}")))
            .map_err(|failure| failure.remedy("choose another folder"))?;
        let metadata =
            fs::metadata(path).with_context(|| format!("cannot look at {shown}")).or_usage()?;
        if metadata.permissions().readonly() {
            return Err(Failure::usage(anyhow!("{shown} is read-only"))
                .remedy("make it writable or choose another folder"));
        }
        let others = others_in(path)?;
        // The report comes last and the lock goes after it: results beside a lock and without a
        // report are those of a run that was killed between the two.
        let has = |name: &str| others.iter().any(|entry| entry.ends_with(name));
        let killed = has(LOCK) && !has(REPORT);
        let is_ours = |entry: &Path| is_leftover(entry) || (killed && entry.ends_with(RESULT));
        if let Some(other) = others.iter().find(|entry| !is_ours(entry)) {
            return Err(Failure::usage(anyhow!(
                "{shown} is not empty: it holds {}",
                other.display()
            ))
            .remedy("choose an empty folder"));
        }
        let lock = File::create(path.join(LOCK)).map_err(|error| write_failure(error, path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Failure::usage(anyhow!("{shown} is in use by another process"))
                    .remedy("wait for it to end or choose another folder"));
            }
            Err(TryLockError::Error(error)) => return Err(write_failure(error, path)),
        }
        for leftover in others.iter().filter(|entry| !entry.ends_with(LOCK)) {
            fs::remove_file(path.join(leftover)).map_err(|error| write_failure(error, path))?;
        }
        Ok(Self { path: path.to_owned(), lock })
    }

    /// Where a result of that name is written until the run is over.
    pub(crate) fn unfinished(&self, name: &str) -> PathBuf {
        self.path.join(format!("{name}.{UNFINISHED}"))
    }

    /// Gives a result its name.
    pub(crate) fn publish(&self, name: &str) -> Outcome<()> {
        let unfinished = self.unfinished(name);
        File::open(&unfinished)
            .and_then(|file| file.sync_all())
            .and_then(|()| fs::rename(&unfinished, self.path.join(name)))
            .map_err(|error| write_failure(error, &unfinished))
    }

    /// Writes the report, as the last thing, and frees the folder.
    pub(crate) fn finish(self, summary: &RunSummary) -> Outcome<()> {
        let text = serde_json::to_string_pretty(summary).or_internal()? + "\n";
        let unfinished = self.unfinished(REPORT);
        File::create(&unfinished)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .map_err(|error| write_failure(error, &unfinished))?;
        self.publish(REPORT)?;
        drop(self.lock);
        fs::remove_file(self.path.join(LOCK)).map_err(|error| write_failure(error, &self.path))
    }
}

/// What the system said of a write, with what to do about it.
pub(crate) fn write_failure(error: io::Error, path: &Path) -> Failure {
    let full = matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
    let failure = Failure::usage(error).while_doing(format!("cannot write {}", path.display()));
    failure.remedy(if full {
        "free some space and run the same command again"
    } else {
        "choose another folder, or change its permissions"
    })
}

fn others_in(path: &Path) -> Outcome<Vec<PathBuf>> {
    let list = || -> io::Result<Vec<PathBuf>> {
        fs::read_dir(path)?.map(|entry| Ok(PathBuf::from(entry?.file_name()))).collect()
    };
    list().with_context(|| format!("cannot list {}", path.display())).or_usage()
}

fn is_leftover(entry: &Path) -> bool {
    entry.ends_with(LOCK) || entry.extension().is_some_and(|extension| extension == UNFINISHED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_folder_is_taken_once() {
        let folder = tempfile::tempdir().unwrap();
        let first = OutFolder::open(folder.path()).unwrap();
        let second = OutFolder::open(folder.path()).unwrap_err();
        assert!(second.to_string().contains("in use"), "{second}");
        drop(first);
        assert!(OutFolder::open(folder.path()).is_ok());
    }

    #[test]
    fn what_a_killed_run_left_is_cleared_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("fills.csv.tmp"), "half").unwrap();
        drop(OutFolder::open(folder.path()).unwrap());
        assert!(!folder.path().join("fills.csv.tmp").exists());
        fs::write(folder.path().join("thesis.txt"), "years").unwrap();
        let refused = OutFolder::open(folder.path()).unwrap_err();
        assert!(refused.to_string().contains("thesis.txt"), "{refused}");
        assert!(folder.path().join("thesis.txt").exists());
    }

    #[test]
    fn a_kill_between_the_results_and_the_report_leaves_no_report() {
        let folder = tempfile::tempdir().unwrap();
        let fills = folder.path().join(RESULT);
        fs::write(&fills, "whole").unwrap();
        assert!(OutFolder::open(folder.path()).is_err(), "no run of ours left it");
        fs::write(folder.path().join(LOCK), "").unwrap();
        drop(OutFolder::open(folder.path()).unwrap());
        assert!(!fills.exists());
        fs::write(&fills, "whole").unwrap();
        fs::write(folder.path().join(REPORT), "whole").unwrap();
        assert!(OutFolder::open(folder.path()).is_err(), "a report is finished");
        assert!(fills.exists());
    }
}
