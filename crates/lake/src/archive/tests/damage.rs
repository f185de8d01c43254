//! A changed byte in any file of a lake is found, and its file is named.

use std::fs;
use std::path::Path;

use super::{SMALL, import};
use crate::Error;
use crate::archive::{Importer, Item, Lake, Span, verify};
use crate::disk::fuse;
use crate::testing::{Script, file, folder, tree};

/// Reads every message of every instrument.
fn read_all(lake: &Path) -> Result<u64, Error> {
    let lake = Lake::open(lake)?;
    let mut messages = 0;
    for holding in lake.holdings() {
        let mut reader = lake.read(&holding.instrument, Span::default())?;
        while let Some(item) = reader.next_item()? {
            messages += u64::from(matches!(item, Item::Message { .. }));
        }
    }
    Ok(messages)
}

#[test]
fn a_flipped_byte_in_any_sealed_file_is_found() {
    let (sources, lake) = (folder(), folder());
    let mut script = Script::new("BTCUSDT");
    script.depth().snapshot().depth().trade().lose().depth().snapshot();
    import(lake.path(), &[&file(&sources, "a", &script.text())]).unwrap();
    let files = tree(lake.path());
    assert_eq!(files.len(), 4, "raw, events, gaps, manifest");
    for (name, whole) in &files {
        let path = lake.path().join(name);
        for at in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 0x04;
            fs::write(&path, &flipped).unwrap();
            let error = verify(lake.path()).unwrap_err();
            assert!(error.is_damage(), "{} byte {at}: {error}", name.display());
            let text = error.to_string();
            assert!(text.contains(&*name.to_string_lossy()), "it names the file: {text}");
            if name.starts_with("events") {
                assert!(read_all(lake.path()).unwrap_err().is_damage());
            }
        }
        fs::write(&path, whole).unwrap();
    }
    verify(lake.path()).unwrap();
}

#[test]
fn a_flipped_byte_in_what_waits_is_found() {
    let (sources, lake) = (folder(), folder());
    let path = file(&sources, "a", &Script::recording(70, 1_000));
    // Killed when everything is on disk and nothing is sealed.
    for steps in 0.. {
        let _ = fuse::with_steps(steps, || {
            Importer::open(lake.path(), SMALL)?.import(std::slice::from_ref(&path), &mut |_| ())
        });
        let holdings = Lake::open(lake.path()).map(|lake| lake.holdings()).unwrap_or_default();
        if holdings.first().is_some_and(|held| held.unsealed_frames == Some(70)) {
            break;
        }
        fs::remove_dir_all(lake.path()).unwrap();
        fs::create_dir(lake.path()).unwrap();
    }
    let segments: Vec<_> = tree(lake.path())
        .into_iter()
        .filter(|(name, _)| name.extension().is_some_and(|extension| extension == "seg"))
        .collect();
    assert!(segments.len() > 2);
    for (name, whole) in &segments {
        for at in (0..whole.len()).step_by(3) {
            let mut flipped = whole.clone();
            flipped[at] ^= 0x04;
            fs::write(lake.path().join(name), &flipped).unwrap();
            for error in [
                verify(lake.path()).unwrap_err(),
                read_all(lake.path()).unwrap_err(),
                import(lake.path(), &[&path]).unwrap_err(),
            ] {
                assert!(error.is_damage(), "{} byte {at}: {error}", name.display());
                assert!(error.to_string().contains(&*name.to_string_lossy()), "{error}");
            }
        }
        fs::write(lake.path().join(name), whole).unwrap();
    }
    let report = verify(lake.path()).unwrap();
    assert_eq!((report.counts.frames, report.unsealed_frames), (0, 70));
    assert!(report.recovered_bytes > 70 * 24);
}

#[test]
fn missing_and_unknown_files_are_named() {
    let (sources, lake) = (folder(), folder());
    import(lake.path(), &[&file(&sources, "a", &Script::recording(20, 1_000))]).unwrap();
    for (name, content) in tree(lake.path()) {
        let path = lake.path().join(&name);
        fs::remove_file(&path).unwrap();
        let error = verify(lake.path()).unwrap_err();
        match error {
            Error::MissingFile { path: missing } => assert_eq!(missing, path),
            Error::NotFound { .. } => assert_eq!(name.to_str(), Some("manifest.json")),
            other => panic!("{}: {other}", name.display()),
        }
        fs::write(&path, content).unwrap();
    }
    for stranger in ["notes.txt", "raw/part-1.parquet", "events/venue=binance-spot/x", "wal/x"] {
        let path = lake.path().join(stranger);
        fs::write(&path, "?").unwrap();
        let error = verify(lake.path()).unwrap_err();
        assert!(matches!(&error, Error::UnknownFile { path: named } if *named == path), "{error}");
        fs::remove_file(&path).unwrap();
    }
    verify(lake.path()).unwrap();
}

#[test]
fn events_that_do_not_say_what_the_frames_say_are_found() {
    let (sources, lake, other) = (folder(), folder(), folder());
    let text = Script::recording(20, 1_000);
    let edited = String::from_utf8(text.clone()).unwrap().replacen("0.00", "0.01", 1);
    import(lake.path(), &[&file(&sources, "a", &text)]).unwrap();
    import(other.path(), &[&file(&sources, "a", edited.as_bytes())]).unwrap();
    // Somebody forges the events and the manifest, checksums and all.
    let (ours, theirs) = (tree(lake.path()), tree(other.path()));
    let events = ours.keys().find(|name| name.starts_with("events")).unwrap();
    fs::write(lake.path().join(events), &theirs[events]).unwrap();
    let mut manifest = super::super::manifest::Manifest::read(lake.path()).unwrap();
    let file = &mut manifest.sources[0].parts[0].events;
    file.sha256 = crate::Digest::of(&theirs[events]);
    file.bytes = theirs[events].len() as u64;
    manifest.write(lake.path()).unwrap();
    let error = verify(lake.path()).unwrap_err();
    assert!(matches!(error, Error::EventsDiffer { .. }), "{error}");
}
