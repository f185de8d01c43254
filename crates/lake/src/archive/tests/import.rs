//! What an import makes of files: new ones, known ones, grown ones, broken ones.

use std::fs;

use super::{SMALL, btcusdt, import};
use crate::archive::manifest::Manifest;
use crate::archive::{Importer, Malformed, SourceState, verify};
use crate::testing::{Script, file, folder, gzip, tree};
use crate::{Damage, Error};

const STEP: i64 = 1_000_000;

#[test]
fn counts_are_those_of_the_recording() {
    let sources = folder();
    let mut script = Script::new("BTCUSDT");
    script.depth().snapshot().depth().trade().ticker().trade();
    script.frame("{broken").line("no time").frame(r#"{"result":null,"id":1}"#);
    script.frame(r#"{"e":"trade","E":1723161541000,"s":"ETHUSDT","t":1,"p":"1","q":"1","T":1723161541000,"m":true,"M":true}"#);
    script.depth().lose().depth().snapshot().depth();
    let lake = folder();
    let report = import(lake.path(), &[&file(&sources, "a", &script.text())]).unwrap();
    let counts = report.counts;
    assert_eq!((counts.frames, report.frames_new), (14, 14));
    assert_eq!((counts.malformed, counts.foreign, counts.trades), (2, 1, 2));
    assert_eq!((counts.depth_updates, counts.gaps, counts.resyncs), (5, 1, 1));
    let first = report.first_malformed.unwrap();
    assert_eq!((first.source.as_str(), first.line), ("a", 7));
    assert!(matches!(first.what, Malformed::Payload(_)));
    assert_eq!(report.instruments[0].instrument, btcusdt());
    assert!(!report.sources[0].unsynchronised);
    let verified = verify(lake.path()).unwrap();
    assert_eq!(verified.counts, counts);
    // Raw frames, events and the gap.
    assert_eq!(verified.sealed_files, 3);
}

#[test]
fn the_same_content_is_the_same_source_whatever_it_is_called() {
    let (sources, lake) = (folder(), folder());
    let text = Script::recording(200, STEP);
    let first = import(lake.path(), &[&file(&sources, "a.gz", &gzip(&text))]).unwrap();
    let before = tree(lake.path());
    for (name, bytes) in [("a.gz", gzip(&text)), ("b", text.clone()), ("c.gz", gzip(&text))] {
        let again = import(lake.path(), &[&file(&sources, name, &bytes)]).unwrap();
        assert_eq!((again.frames_new, again.counts), (0, first.counts), "{name}");
        assert_eq!(again.sources[0].name, "a.gz");
        assert_eq!(tree(lake.path()), before, "{name}");
    }
    let twice = [&file(&sources, "b", &text), &file(&sources, "c.gz", &gzip(&text))];
    let report = import(lake.path(), &twice).unwrap();
    assert_eq!(report.counts, first.counts, "a source that is named twice counts once");
}

#[test]
fn only_what_is_new_of_a_grown_file_is_added() {
    let text = Script::recording(300, STEP);
    let ends: Vec<usize> =
        (0..text.len()).filter(|at| text[*at] == b'\n').map(|at| at + 1).collect();
    // At the limit of a part, in the middle of one, and before the end of a line.
    for cut in [ends[79], ends[99], ends[0], ends[150] - 1] {
        let (sources, lake) = (folder(), folder());
        let first = import(lake.path(), &[&file(&sources, "a", &text[..cut])]).unwrap();
        assert_eq!(first.sources[0].state, SourceState::Complete);
        let grown = import(lake.path(), &[&file(&sources, "a.gz", &gzip(&text))]).unwrap();
        assert_eq!(first.frames_new + grown.frames_new, 300, "cut at {cut}");
        assert_eq!(grown.counts.frames, 300);
        let verified = verify(lake.path()).unwrap();
        assert_eq!(verified.counts, grown.counts);
        assert_eq!(Manifest::read(lake.path()).unwrap().sources.len(), 1);
    }
}

#[test]
fn a_cut_copy_of_a_known_file_adds_nothing() {
    let (sources, lake) = (folder(), folder());
    let text = Script::recording(300, STEP);
    import(lake.path(), &[&file(&sources, "a", &text)]).unwrap();
    let before = tree(lake.path());
    let half = text.iter().rposition(|byte| *byte == b'\n').map(|end| &text[..end / 2]).unwrap();
    let report = import(lake.path(), &[&file(&sources, "half", half)]).unwrap();
    assert_eq!(report.frames_new, 0);
    assert_eq!(report.sources[0].state, SourceState::Complete);
    assert_eq!(tree(lake.path()), before);
}

#[test]
fn an_edited_copy_is_another_source() {
    let (sources, lake) = (folder(), folder());
    let text = Script::recording(100, STEP);
    import(lake.path(), &[&file(&sources, "a", &text)]).unwrap();
    let edited = String::from_utf8(text).unwrap().replace(r#""q":"0.005""#, r#""q":"0.006""#);
    let report = import(lake.path(), &[&file(&sources, "a", edited.as_bytes())]).unwrap();
    assert_eq!(report.frames_new, 100);
    let verified = verify(lake.path()).unwrap();
    assert_eq!(verified.counts.frames, 200);
    assert_eq!(verified.sealed_files, 8, "parts of equal start have their own names");
}

#[test]
fn a_cut_gzip_gives_what_is_before_the_cut_and_its_whole_twin_goes_on() {
    let text = Script::recording(300, STEP);
    let whole = gzip(&text);
    for cut in [whole.len() / 4, whole.len() / 2, whole.len() - 1] {
        let (sources, lake) = (folder(), folder());
        let path = file(&sources, "a.gz", &whole[..cut]);
        let report = import(lake.path(), &[&path]).unwrap();
        assert_eq!(report.sources[0].state, SourceState::Cut);
        assert!(matches!(report.fault(), Some(fluxo_capture::Error::Truncated { .. })));
        let verified = verify(lake.path()).unwrap();
        assert_eq!(verified.counts, report.counts);
        assert_eq!((verified.incomplete_sources, verified.unsealed_frames), (1, 0));
        let before = tree(lake.path());
        let again = import(lake.path(), &[&path]).unwrap();
        assert_eq!((again.frames_new, again.counts), (0, report.counts));
        assert_eq!(tree(lake.path()), before, "the same again changes nothing");
        let repaired = import(lake.path(), &[&file(&sources, "b.gz", &whole)]).unwrap();
        assert_eq!(repaired.frames_new, 300 - report.frames_new);
        assert_eq!(repaired.sources[0].state, SourceState::Complete);
        assert_eq!(verify(lake.path()).unwrap().counts, repaired.counts);
    }
}

#[test]
fn a_repaired_file_replaces_what_a_damaged_one_left() {
    let text = Script::recording(600, STEP);
    let whole = gzip(&text);
    let (mut replaced, mut set_aside) = (0, 0);
    for at in (40..whole.len()).step_by(whole.len() / 40) {
        let (sources, lake) = (folder(), folder());
        let mut damaged = whole.clone();
        damaged[at] ^= 0x10;
        let result = import(lake.path(), &[&file(&sources, "a.gz", &damaged)]);
        if let Ok(report) = &result {
            assert!(report.fault().is_some_and(fluxo_capture::Error::is_damage), "byte {at}");
            assert_eq!(verify(lake.path()).unwrap().counts.frames, report.counts.frames);
            replaced += 1;
        }
        let repaired = import(lake.path(), &[&file(&sources, "a.gz", &whole)]).unwrap();
        assert_eq!(repaired.counts.frames, 600);
        assert_eq!(repaired.counts.malformed, 0, "byte {at}");
        let verified = verify(lake.path()).unwrap();
        if at > 200 {
            assert_eq!(verified.counts, repaired.counts, "byte {at}");
            set_aside += u64::from(lake.path().join("retracted").exists());
        }
        // Otherwise the damage changed the very first line, and nothing ties the two together.
    }
    assert!(replaced > 20, "most flips leave something readable: {replaced}");
    assert!(set_aside > 10, "what was wrong is kept aside: {set_aside}");
}

#[test]
fn half_a_line_at_the_end_waits_for_its_rest() {
    let (sources, lake) = (folder(), folder());
    let text = Script::recording(100, STEP);
    let report = import(lake.path(), &[&file(&sources, "a", &text[..text.len() - 5])]).unwrap();
    assert_eq!((report.frames_new, report.counts.malformed), (99, 0));
    assert_eq!(report.sources[0].state, SourceState::Open);
    let half = report.sources[0].unfinished_line.unwrap();
    assert_eq!(half.line, 100);
    assert_eq!(half.offset + half.bytes, text.len() as u64 - 5);
    let report = import(lake.path(), &[&file(&sources, "a", &text)]).unwrap();
    assert_eq!((report.frames_new, report.counts.frames), (1, 100));
    assert_eq!(report.sources[0].state, SourceState::Complete);
}

#[test]
fn a_file_that_is_no_recording_is_refused_and_leaves_nothing() {
    let (sources, lake) = (folder(), folder());
    import(lake.path(), &[]).unwrap();
    let before = tree(lake.path());
    for text in ["", "\n\n", "hello\n", "1723161540000 {\"a\":1}\n"] {
        let error = import(lake.path(), &[&file(&sources, "a", text.as_bytes())]).unwrap_err();
        assert!(matches!(error, Error::NoInstrument { .. }) && error.is_damage(), "{error}");
    }
    let climbing = Script::new("../../x").depth().text();
    let error = import(lake.path(), &[&file(&sources, "a", &climbing)]).unwrap_err();
    assert!(matches!(error, Error::NoInstrument { .. }), "{error}");
    let missing = sources.path().join("missing");
    let error = import(lake.path(), &[&file(&sources, "b", b"x"), &missing]).unwrap_err();
    assert!(error.is_usage() && error.to_string().contains("missing"), "{error}");
    let cut = file(&sources, "c.gz", &gzip(b"hello\n")[..12]);
    let error = import(lake.path(), &[&cut]).unwrap_err();
    assert!(matches!(error, Error::Source(_)) && error.is_damage(), "{error}");
    assert_eq!(tree(lake.path()), before);
}

#[test]
fn a_day_is_a_part_and_a_part_has_limits() {
    let (sources, lake) = (folder(), folder());
    // Two minutes from 23:59 on, a second apart.
    let text = Script::recording(120, 1_000_000_000);
    import(lake.path(), &[&file(&sources, "a", &text)]).unwrap();
    let raw = |date: &str| {
        let below = format!("raw/venue=binance-spot/symbol=BTCUSDT/date={date}/");
        tree(lake.path()).into_keys().filter(|path| path.starts_with(&below)).count()
    };
    assert_eq!((raw("2024-08-08"), raw("2024-08-09")), (1, 1));
    let parts = &Manifest::read(lake.path()).unwrap().sources[0].parts.clone();
    assert_eq!(parts.iter().map(|part| part.frames).sum::<u64>(), 120);
    for part in parts {
        assert!(part.frames <= SMALL.part_frames_max);
    }
}

#[test]
fn instruments_and_files_can_be_mixed() {
    let (sources, lake) = (folder(), folder());
    let (mut btc, mut eth) = (Script::new("BTCUSDT"), Script::new("ETHUSDT"));
    let mut parts = Vec::new();
    for round in 0..2 {
        for (name, script) in [("btc", &mut btc), ("eth", &mut eth)] {
            let start = script.text().len();
            if round == 0 {
                script.depth().snapshot();
            }
            for _ in 0..10 {
                script.depth().trade();
            }
            parts.push(file(&sources, &format!("{name}{round}"), &script.text()[start..]));
        }
    }
    let report = import(lake.path(), &parts.iter().collect::<Vec<_>>()).unwrap();
    assert_eq!(report.instruments.len(), 2);
    for instrument in &report.instruments {
        let counts = instrument.counts;
        assert_eq!((counts.frames, counts.gaps, counts.resyncs), (42, 0, 0));
        assert_eq!((counts.depth_updates, counts.levels), (21, 60));
    }
    assert!(report.sources.iter().all(|source| !source.unsynchronised));
    assert_eq!(verify(lake.path()).unwrap().counts, report.counts);
    // Alone, the second file has no snapshot.
    let alone = folder();
    let report = import(alone.path(), &[&parts[2]]).unwrap();
    assert!(report.sources[0].unsynchronised);
    assert_eq!((report.counts.levels, report.counts.gaps), (0, 0));
}

#[test]
fn an_absurd_number_ends_a_part_and_spoils_nothing() {
    let (sources, lake) = (folder(), folder());
    let mut script = Script::new("BTCUSDT");
    script.depth().snapshot().depth();
    for (id, price) in [(1, "0.000000000000000001"), (2, "9000000000000000000")] {
        script.frame(&format!(
            r#"{{"e":"trade","E":1723161541000,"s":"BTCUSDT","t":{id},"p":"{price}","q":"1","T":1723161541000,"m":true,"M":true}}"#
        ));
    }
    script.depth().trade();
    let report = import(lake.path(), &[&file(&sources, "a", &script.text())]).unwrap();
    assert_eq!(report.first_malformed, None);
    let verified = verify(lake.path()).unwrap();
    assert_eq!(verified.counts, report.counts);
    let parts = &Manifest::read(lake.path()).unwrap().sources[0].parts.clone();
    assert_eq!(parts.iter().map(|part| part.frames).collect::<Vec<_>>(), [3, 1, 1, 2]);
}

#[test]
fn folders_that_cannot_be_a_lake_are_refused() {
    let sources = folder();
    let path = file(&sources, "a", &Script::recording(10, STEP));
    let occupied = folder();
    fs::write(occupied.path().join("letter.txt"), "dear").unwrap();
    let error = import(occupied.path(), &[&path]).unwrap_err();
    assert!(matches!(error, Error::OccupiedFolder { .. }) && error.is_usage(), "{error}");

    let read_only = folder();
    let lake = read_only.path().join("lake");
    fs::create_dir(&lake).unwrap();
    let mut permissions = fs::metadata(&lake).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&lake, permissions).unwrap();
    let error = import(&lake, &[&path]).unwrap_err();
    assert!(matches!(&error, Error::ReadOnly { path } if *path == lake), "{error}");

    let error = import(&path, &[&path]).unwrap_err();
    assert!(error.is_usage() && error.to_string().contains("/a"), "a file: {error}");

    let busy = folder();
    let _importer = Importer::open(busy.path(), SMALL).unwrap();
    let error = import(busy.path(), &[&path]).unwrap_err();
    assert!(matches!(error, Error::Locked { .. }) && error.is_usage(), "{error}");
    assert!(matches!(verify(busy.path()), Err(Error::Locked { .. })));

    let error = verify(sources.path()).unwrap_err();
    assert!(matches!(error, Error::NotFound { .. }) && error.is_usage(), "{error}");
}

#[test]
fn a_gap_is_kept_as_data() {
    let (sources, lake) = (folder(), folder());
    let mut script = Script::new("BTCUSDT");
    script.depth().snapshot().depth().lose().wait(5).depth().snapshot();
    let report = import(lake.path(), &[&file(&sources, "a", &script.text())]).unwrap();
    assert_eq!(report.counts.gaps, 1);
    let manifest = Manifest::read(lake.path()).unwrap();
    let gaps = manifest.sources[0].parts[0].gaps.clone().unwrap();
    assert_eq!(gaps.rows, 1);
    assert!(gaps.path.starts_with("gaps/venue=binance-spot/symbol=BTCUSDT/part-"));
    fs::remove_file(lake.path().join(&gaps.path)).unwrap();
    assert!(matches!(verify(lake.path()), Err(Error::MissingFile { .. })));
}

#[test]
fn a_part_whose_end_was_taken_back_is_not_believed() {
    let (sources, lake) = (folder(), folder());
    import(lake.path(), &[&file(&sources, "a", &Script::recording(100, STEP))]).unwrap();
    let path = lake.path().join("manifest.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("\"frames\": 80", "\"frames\": 79", 1)).unwrap();
    let error = verify(lake.path()).unwrap_err();
    assert!(matches!(error, Error::Damaged { damage: Damage::Manifest, .. }), "{error}");
}
