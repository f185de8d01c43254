//! A recording that is made while it is read comes in like a file, and alone.

use std::io::{Cursor, Read};
use std::path::Path;

use super::{SMALL, import};
use crate::Error;
use crate::archive::{ImportReport, Importer, MadeRecording, SourceState, verify};
use crate::disk::fuse;
use crate::testing::{Script, file, folder, tree};

fn import_made(lake: &Path, name: &str, text: &[u8]) -> Result<ImportReport, Error> {
    let text = || Box::new(Cursor::new(text.to_vec())) as Box<dyn Read + Send>;
    Importer::open(lake, SMALL)?.import_made(MadeRecording { name, text: &text }, &mut |_| ())
}

#[test]
fn it_comes_in_like_a_file_of_that_name() {
    let text = Script::recording(300, 1_000_000_000);
    let (sources, of_file, made) = (folder(), folder(), folder());
    import(of_file.path(), &[&file(&sources, "a", &text)]).unwrap();
    let report = import_made(made.path(), "a", &text).unwrap();
    assert_eq!(tree(made.path()), tree(of_file.path()));
    assert_eq!((report.frames_new, report.sources[0].state), (300, SourceState::Complete));
    // Again: the lake has it.
    assert_eq!(import_made(made.path(), "a", &text).unwrap().frames_new, 0);
    assert_eq!(tree(made.path()), tree(of_file.path()));
}

#[test]
fn after_any_kill_it_ends_with_the_same_bytes() {
    let text = Script::recording(300, 1_000_000_000);
    let whole = folder();
    import_made(whole.path(), "a", &text).unwrap();
    let expected = tree(whole.path());
    for steps in 0.. {
        let lake = folder();
        let (result, _) = fuse::with_steps(steps, || import_made(lake.path(), "a", &text));
        import_made(lake.path(), "a", &text).unwrap();
        assert_eq!(tree(lake.path()), expected, "killed at step {steps}");
        if result.is_ok() {
            assert!(steps > 30);
            break;
        }
    }
}

#[test]
fn another_recording_is_refused_and_nothing_is_written() {
    let text = Script::recording(200, 1_000_000);
    let other = Script::recording(200, 2_000_000);
    let lake = folder();
    import_made(lake.path(), "a", &text).unwrap();
    let before = tree(lake.path());
    // Another name, another text of that name.
    for (name, text) in [("b", &text), ("b", &other), ("a", &other)] {
        let refused = import_made(lake.path(), name, text);
        assert!(matches!(refused, Err(Error::OtherRecording { .. })), "{name}: {refused:?}");
        assert_eq!(tree(lake.path()), before);
    }
    // A lake of several recordings is nobody's own, even if it is one of them.
    let sources = folder();
    import(lake.path(), &[&file(&sources, "c", &other)]).unwrap();
    let refused = import_made(lake.path(), "a", &text);
    assert!(matches!(refused, Err(Error::OtherRecording { .. })), "{refused:?}");
    verify(lake.path()).unwrap();
}

#[test]
fn a_killed_import_of_another_one_is_refused_too() {
    let text = Script::recording(200, 1_000_000);
    let edited = String::from_utf8(text.clone()).unwrap().replace("0.005", "0.006");
    for steps in (20..60).step_by(10) {
        let lake = folder();
        let (killed, _) = fuse::with_steps(steps, || import_made(lake.path(), "a", &text));
        killed.unwrap_err();
        let other = import_made(lake.path(), "b", edited.as_bytes());
        assert!(matches!(other, Err(Error::OtherRecording { .. })), "killed at step {steps}");
        import_made(lake.path(), "a", &text).unwrap();
        assert_eq!(verify(lake.path()).unwrap().counts.frames, 200);
    }
}
