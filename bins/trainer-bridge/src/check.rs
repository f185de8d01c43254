//! `trainer-bridge features --check`.

use std::path::Path;

use anyhow::anyhow;
use fluxo_dataset::{ColumnCheck, DatasetCheck, Role, check_dataset};
use fluxo_report::{Exit, Failure, Outcome, Output, OutputMode, ProgressLine, Rows, count};
use serde::Serialize;

/// Prints what every column holds. A dataset that is not fit is a failure behind that.
pub(crate) fn run(dataset: &Path, mode: OutputMode) -> Outcome {
    let line = ProgressLine::counting("rows");
    let checked = check_dataset(dataset, &mut |rows| line.at(rows));
    line.clear();
    let checked = checked.map_err(fluxo_dataset::CheckError::into_failure)?;
    let summary = Summary { is_fit: checked.is_fit(), checked };
    summary.print(mode)?;
    let DatasetCheck { path, damages, .. } = &summary.checked;
    match damages.as_slice() {
        [] => Ok(Exit::Success),
        [first, others @ ..] => {
            let more = match others.len() {
                0 => String::new(),
                more => format!(" (and {more} more, listed above)"),
            };
            let what = anyhow!("{} is not fit: {first}{more}", path.display());
            Err(Failure::damaged(what).remedy("make it again, and report it if that does not help"))
        }
    }
}

/// What was found, and what it means.
#[derive(Debug, Serialize)]
struct Summary {
    is_fit: bool,
    #[serde(flatten)]
    checked: DatasetCheck,
}

impl Output for Summary {
    fn rows(&self) -> Rows {
        let checked = &self.checked;
        let mut rows = Rows::new().heading(format!("features · {}", checked.path.display()));
        for column in &checked.columns {
            rows = rows.row(&column.name, line(column));
        }
        let counted = |is_so: fn(&ColumnCheck) -> bool| {
            let features = checked.columns.iter().filter(|column| column.role == Role::Feature);
            features.filter(|column| is_so(column)).count()
        };
        let values = format!(
            "{} rows in {} files; of {} values {} have no revision, {} have one and are valid in no row, {} are constant",
            count(checked.rows),
            checked.files,
            counted(|_| true),
            counted(|column| !column.is_built),
            counted(|column| column.is_built && column.valid == 0),
            counted(|column| column.is_constant),
        );
        rows = rows.row("rows", values);
        rows = checked.damages.iter().fold(rows, |rows, damage| rows.row("damage", damage));
        let verdict = match checked.damages.len() {
            0 => "fit".to_owned(),
            1 => "NOT FIT".to_owned(),
            damages => format!("NOT FIT: {damages} damages"),
        };
        rows.row("verdict", verdict)
    }
}

/// `97.2 % valid, -1 to 1`, and what is odd about it.
fn line(column: &ColumnCheck) -> String {
    let share = 100.0 * column.valid_share;
    let values = match (column.min, column.max) {
        (Some(min), Some(max)) => format!("{share:.1} % valid, {min} to {max}"),
        _ if column.is_built => "valid in no row".to_owned(),
        _ => "no revision".to_owned(),
    };
    let mut odd = Vec::new();
    if column.is_constant {
        odd.push("constant".to_owned());
    }
    if column.out_of_range > 0 {
        odd.push(format!("{} OUT OF RANGE", count(column.out_of_range)));
    }
    if column.infinite > 0 {
        odd.push(format!("{} INFINITE", count(column.infinite)));
    }
    if odd.is_empty() { values } else { format!("{values}; {}", odd.join(", ")) }
}
