//! Recordings with damaged frames in them: nothing panics, a lost depth update is a gap and not a
//! wrong book, and everything that still is compared with the venue is still equal.

use std::path::Path;

use fluxo_capture::CaptureReader;
use fluxo_core::InstrumentSpec;
use fluxo_market_data::{Body, Decoder, SyncState};
use fluxo_test_data::synchronised_runs;

use crate::replay::{Frame, Outcome, Replay, inferred};

/// Plays the first frames of a file, each of them after `damage` had a chance to change it.
fn replay_damaged(
    file: &Path,
    spec: InstrumentSpec,
    frames: usize,
    mut damage: impl FnMut(usize, &mut Vec<u8>),
) -> Outcome {
    let (mut decoder, mut replay) = (Decoder::new(), Replay::new(spec));
    let mut reader = CaptureReader::open(file).unwrap();
    let mut payload = Vec::new();
    for at in 0..frames {
        let Some(line) = reader.next_line().unwrap() else { break };
        let stamp = line.stamp().unwrap();
        payload.clear();
        payload.extend_from_slice(stamp.payload);
        damage(at, &mut payload);
        let message = decoder.decode(&payload).ok();
        let (ts_recv, message) = (stamp.ts_recv, message.as_ref());
        replay.on_frame(&Frame { ts_recv, recording_ended: None, message });
    }
    replay.outcome()
}

/// The place of the first depth update after `from` frames.
fn depth_update_after(file: &Path, from: usize) -> usize {
    let mut found = None;
    let mut at = 0;
    crate::replay::for_each_frame(&[file], |frame| {
        if at >= from && matches!(frame.message.unwrap().body, Body::Depth(_)) {
            found.get_or_insert(at);
        }
        at += 1;
    });
    found.unwrap()
}

#[test]
fn one_broken_depth_update_is_one_gap_and_the_end_of_the_book() {
    for run in synchronised_runs() {
        let (file, name) = (&run.files[0], run.name());
        let spec = inferred(&run.files, usize::MAX);
        let broken = depth_update_after(file, 3_000);
        let outcome = replay_damaged(file, spec, broken + 3_000, |at, payload| {
            if at == broken {
                payload.truncate(payload.len() / 2);
            }
        });
        assert_eq!((outcome.malformed, outcome.feed.gaps), (1, 1), "{name}");
        // The only snapshot came before the gap.
        assert_eq!((outcome.state, outcome.feed.resyncs), (SyncState::Buffering, 0), "{name}");
        assert_eq!(outcome.audit.equal, outcome.audit.compared, "{name}");
        assert_eq!(outcome.audit.crossed, 0, "{name}");
    }
}

/// A small generator: the damage has to be the same on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

/// One change of a frame: often one that leaves it well formed.
fn damage(dice: &mut Dice, payload: &mut Vec<u8>) {
    let at = dice.roll(payload.len());
    match dice.roll(5) {
        0 => payload[at] = u8::try_from(dice.roll(256)).unwrap(),
        1 => payload.truncate(at),
        2 => drop(payload.drain(at..(at + 9).min(payload.len()))),
        _ => {
            if let Some(digit) = payload[at..].iter_mut().find(|byte| byte.is_ascii_digit()) {
                *digit = b'0' + u8::try_from(dice.roll(10)).unwrap();
            }
        }
    }
}

#[test]
fn damaged_frames_never_panic() {
    for run in synchronised_runs() {
        for seed in 1..=8_u64 {
            println!("{} with seed {seed}", run.name());
            let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
            let spec = inferred(&run.files[..1], 1);
            let outcome = replay_damaged(&run.files[0], spec, 4_000, |_, payload| {
                if dice.roll(10) == 0 {
                    damage(&mut dice, payload);
                }
            });
            assert!(outcome.malformed > 0 && outcome.malformed < outcome.frames);
        }
    }
}
