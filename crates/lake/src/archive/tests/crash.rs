//! A kill at every single change to the disk: what was kept is there, and the same command ends with
//! the same bytes as if nothing had happened.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{SMALL, btcusdt, import};
use crate::Error;
use crate::archive::{Importer, Lake, SourceState, verify};
use crate::disk::fuse;
use crate::testing::{Script, file, folder, gzip, tree};

/// Two files of one run: the first crosses midnight and has something of everything.
fn files(folder: &TempDir) -> [PathBuf; 2] {
    let mut script = Script::new("BTCUSDT");
    script.line("no receive time").ticker().depth().snapshot().depth();
    for _ in 0..40 {
        script.depth().trade().ticker().wait(500_000_000);
    }
    script.frame("{broken").frame(r#"{"result":null,"id":1}"#).lose().depth().snapshot().depth();
    script.wait(60_000_000_000);
    for _ in 0..30 {
        script.depth().trade().ticker();
    }
    let first = script.text();
    let mut more = Script::new("BTCUSDT");
    more.wait(90_000_000_000).snapshot().depth();
    for _ in 0..40 {
        more.trade().depth();
    }
    [file(folder, "first.gz", &gzip(&first)), file(folder, "second", &more.text())]
}

/// Imports with room for some changes to the disk; `None` when that was enough.
fn killed_after(steps: u64, lake: &Path, files: &[PathBuf]) -> Option<u64> {
    let mut kept = 0;
    let (result, left) = fuse::with_steps(steps, || {
        Importer::open(lake, SMALL)?.import(files, &mut |progress| {
            if progress.file == files[0] {
                kept = progress.lines_kept;
            }
        })
    });
    assert!(result.is_ok() || left == 0, "{result:?}");
    result.err().map(|_| kept)
}

#[test]
fn after_any_kill_the_same_command_ends_with_the_same_bytes() {
    let sources = folder();
    let files = files(&sources);
    let whole = folder();
    let expected = import(whole.path(), &files.each_ref()).unwrap();
    let expected_tree = tree(whole.path());
    assert!(expected_tree.len() > 10, "several parts: {}", expected_tree.len());
    for steps in 0.. {
        let lake = folder();
        let Some(_) = killed_after(steps, lake.path(), &files) else {
            assert!(steps > 100, "an import of {steps} steps is too short to be killed often");
            break;
        };
        let again = import(lake.path(), &files.each_ref()).unwrap();
        assert_eq!(tree(lake.path()), expected_tree, "killed at step {steps}");
        assert_eq!(again.counts, expected.counts, "killed at step {steps}");
        assert!(again.frames_new <= expected.frames_new);
    }
}

#[test]
fn after_two_kills_too() {
    let sources = folder();
    let files = files(&sources);
    let whole = folder();
    import(whole.path(), &files.each_ref()).unwrap();
    let expected = tree(whole.path());
    for first in (0..100).step_by(7) {
        for second in 0..30 {
            let lake = folder();
            killed_after(first, lake.path(), &files).unwrap();
            killed_after(second, lake.path(), &files);
            import(lake.path(), &files.each_ref()).unwrap();
            assert_eq!(tree(lake.path()), expected, "killed at steps {first} and {second}");
        }
    }
}

/// The same files in another folder.
fn copy_of(folder: &Path) -> TempDir {
    let copy = crate::testing::folder();
    for (name, content) in tree(folder) {
        let path = copy.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    copy
}

/// A lake with a damaged recording in it, whose repaired file differs in parts that are sealed.
fn damaged_lake(sources: &TempDir) -> (TempDir, PathBuf) {
    let text = Script::recording(400, 1_000_000);
    // Stored, not compressed: the damage is noticed at the end of the file only.
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    encoder.write_all(&text).unwrap();
    let whole = encoder.finish().unwrap();
    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    let lake = folder();
    let report = import(lake.path(), &[&file(sources, "a.gz", &damaged)]).unwrap();
    assert_eq!((report.frames_new, report.sources[0].state), (400, SourceState::Damaged));
    (lake, file(sources, "a.gz", &whole))
}

#[test]
fn a_kill_while_parts_are_replaced_is_harmless_too() {
    let sources = folder();
    let (lake, repaired) = damaged_lake(&sources);
    let whole = copy_of(lake.path());
    let report = import(whole.path(), &[&repaired]).unwrap();
    assert!(report.frames_new > 100 && report.frames_new < 400, "{}", report.frames_new);
    let expected = tree(whole.path());
    assert!(expected.keys().any(|name| name.starts_with("retracted")));
    assert_eq!(verify(whole.path()).unwrap().counts, report.counts);
    for steps in 0.. {
        let again = copy_of(lake.path());
        let finished = killed_after(steps, again.path(), std::slice::from_ref(&repaired)).is_none();
        verify(again.path()).unwrap();
        import(again.path(), &[&repaired]).unwrap();
        assert_eq!(tree(again.path()), expected, "killed at step {steps}");
        if finished {
            assert!(steps > 30);
            break;
        }
    }
}

#[test]
fn another_file_does_not_go_on_with_what_waits() {
    let sources = folder();
    let text = Script::recording(300, 1_000_000);
    let path = file(&sources, "a", &text);
    let edited = String::from_utf8(text).unwrap().replace(r#""q":"0.005""#, r#""q":"0.006""#);
    let edited = file(&sources, "b", edited.as_bytes());
    for steps in (20..60).step_by(5) {
        let lake = folder();
        killed_after(steps, lake.path(), std::slice::from_ref(&path)).unwrap();
        let report = import(lake.path(), &[&edited]).unwrap();
        let known = report.sources[0].name == "a";
        // Nothing that was kept differs yet, or it is another recording.
        assert_eq!(report.counts.frames, 300);
        let report = import(lake.path(), &[&path]).unwrap();
        assert_eq!(report.counts.frames, 300);
        let verified = verify(lake.path()).unwrap();
        assert_eq!(verified.counts.frames, 600, "killed at step {steps}, known {known}");
        assert_eq!((verified.incomplete_sources, verified.unsealed_frames), (0, 0));
    }
}

#[test]
fn after_any_kill_the_lake_can_be_verified_and_holds_what_was_kept() {
    let sources = folder();
    let files = files(&sources);
    let mut waiting = 0;
    for steps in 0.. {
        let lake = folder();
        let Some(kept) = killed_after(steps, lake.path(), &files) else { break };
        let report = match verify(lake.path()) {
            Ok(report) => report,
            // Killed before there was a lake.
            Err(Error::NotFound { .. }) if kept == 0 => continue,
            Err(error) => panic!("killed at step {steps}: {error}"),
        };
        waiting += u64::from(report.recovered_bytes > 0 && report.counts.frames > 0);
        let there = report.counts.frames + report.unsealed_frames;
        assert!(there >= kept, "killed at step {steps}: {there} of {kept} frames");
        let lake = Lake::open(lake.path()).unwrap();
        for holding in lake.holdings() {
            assert_eq!(holding.instrument, btcusdt());
            assert_eq!(holding.frames, report.counts.frames);
            assert_eq!(holding.unsealed_frames, Some(report.unsealed_frames));
        }
    }
    assert!(waiting > 10, "kills with sealed and with waiting frames");
}
