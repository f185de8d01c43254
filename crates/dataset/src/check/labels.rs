//! Do labels, their ends and their weights belong together, and are there as many as the dataset says?

use fluxo_features::TargetInfo;
use fluxo_features::catalogue::TARGETS;
use parquet::data_type::{FloatType, Int64Type};
use serde_json::Value;

use super::CheckError;
use super::damage::{Damages, Seen};
use super::keys::Key;
use super::read::Group;
use crate::Manifest;

/// What was counted of one target.
#[derive(Clone, Debug, Default)]
pub(super) struct Counted {
    labelled: u64,
    /// Labels -1, 0 and 1.
    classes: [u64; CLASSES.len()],
}

const CLASSES: [(&str, f32); 3] = [("-1", -1.0), ("0", 0.0), ("1", 1.0)];

/// How long after its row a label of each target can end at most.
pub(super) fn reaches(manifest: &Manifest) -> Vec<i64> {
    let schema = manifest.facts.get("ds.target_schema");
    let latency = |target: &TargetInfo| {
        let threshold = schema.and_then(|schema| schema[target.index]["threshold"].as_object());
        threshold.and_then(|threshold| threshold.get("latency_ns")).and_then(Value::as_i64)
    };
    // An order takes its time to open a bet, and again to close it.
    let reach = |target: &TargetInfo| {
        i64::from(target.horizon_ms) * 1_000_000 + 2 * latency(target).unwrap_or(0)
    };
    TARGETS.iter().map(reach).collect()
}

/// The labels of one target in a group of rows.
#[expect(clippy::float_cmp, reason = "a class is a whole number")]
pub(super) fn look(
    (target, reach): (&TargetInfo, i64),
    (group, keys, first): (&Group<'_>, &[Key], u64),
    counted: &mut Counted,
    damages: &mut Damages,
) -> Result<(), CheckError> {
    let name = target.name;
    let [end, weight] = ["t1", "u"].map(|of| format!("{of}_{name}"));
    let values = group.column::<FloatType>(name)?;
    let ends = group.column::<Int64Type>(&end)?;
    let weights = group.column::<FloatType>(&weight)?;
    let [mut early, mut far, mut no_end, mut no_weight] = [Seen::default(); 4];
    let rows = values.iter().zip(&ends).zip(&weights).zip(keys);
    for (row, (((value, t1), weight), key)) in (first..).zip(rows) {
        no_end.unless(value.is_some() == t1.is_some(), row);
        no_weight.unless(value.is_some() == weight.is_some(), row);
        if let Some(t1) = t1 {
            early.unless(*t1 > key.ts, row);
            far.unless(t1.saturating_sub(key.ts) <= reach, row);
        }
        if let Some(value) = value {
            counted.labelled += 1;
            for (rows, (_, class)) in counted.classes.iter_mut().zip(CLASSES) {
                *rows += u64::from(*value == class);
            }
        }
    }
    damages.add(&end, "not after its row", early);
    damages.add(&end, "later than the target looks ahead", far);
    for (of, missing) in [(&end, no_end), (&weight, no_weight)] {
        damages.add(of, &format!("a value without one of {name}, or none with one"), missing);
    }
    Ok(())
}

/// Compares with what the manifest says.
pub(super) fn compare(counted: &[Counted], manifest: &Manifest, damages: &mut Damages) {
    for (target, counted) in TARGETS.iter().zip(counted) {
        let Some(said) = manifest.labels.get(target.name) else {
            damages.say(target.name, "dataset.json does not say how many labels there are");
            continue;
        };
        if said.labelled != counted.labelled {
            let (said, found) = (said.labelled, counted.labelled);
            damages.say(target.name, format!("{found} labels, dataset.json says {said}"));
            continue;
        }
        let classes = CLASSES.iter().zip(counted.classes);
        let differs = |((name, _), found): (&(&str, f32), u64)| {
            said.classes.get(*name).is_some_and(|said| *said != found)
        };
        if classes.into_iter().any(differs) {
            damages.say(target.name, "its classes are not as many as dataset.json says");
        }
    }
}
