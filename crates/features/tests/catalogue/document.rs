//! The catalogue as a document, for those who read rows.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::tables::{Appended, Feature, Tables, Target};

/// What stands before the tables. The words that the tables use are explained here.
const HEAD: &str = include_str!("document_head.md");

pub(crate) fn render(tables: &Tables) -> String {
    let mut out = HEAD.to_owned();
    let features = &tables.features.feature;
    let blocks = [
        ("`tick_only`", 0..tables.features.sets.tick_only),
        (
            "`book_enhanced` adds",
            tables.features.sets.tick_only..tables.features.sets.book_enhanced,
        ),
        ("`full` adds", tables.features.sets.book_enhanced..tables.features.sets.full),
    ];
    for (title, range) in blocks {
        let block = &features[range];
        let (first, last) = (block[0].index, block[block.len() - 1].index);
        writeln!(out, "\n## {title}: {first} to {last}").unwrap();
        // A group may be spread over the block; its title comes where its first feature stands.
        let mut titles: Vec<&str> = Vec::new();
        for title in block.iter().map(Feature::group_title) {
            if !titles.contains(&title) {
                titles.push(title);
            }
        }
        for title in titles {
            let of_group = block.iter().filter(|feature| feature.group_title() == title);
            group(&mut out, title, &of_group.collect::<Vec<_>>());
        }
    }
    vectors(&mut out, &tables.features.appended);
    targets(&mut out, &tables.targets.target);
    out
}

fn group(out: &mut String, title: &str, features: &[&Feature]) {
    writeln!(out, "\n### {title}\n").unwrap();
    out.push_str("| slot | name | definition | unit | looks back | range | mirror | valid when | else | model sees |\n");
    out.push_str("|---|---|---|---|---|---|---|---|---|---|\n");
    for feature in features {
        writeln!(
            out,
            "| {} | `{}` | {} | {} | {} | {} | {} | {} | {} | {} |",
            feature.index,
            feature.name,
            code(&feature.formula),
            plain(&feature.unit),
            looks_back(feature),
            range(feature.range),
            parity(&feature.parity),
            plain(&feature.warmup),
            feature.undefined,
            feature.transform,
        )
        .unwrap();
    }
    let inputs = by_text(features, |feature| feature.inputs.join(" and "));
    writeln!(out, "\nFrom {inputs}. Sources: {}.", by_text(features, |f| f.source.clone()))
        .unwrap();
}

/// Texts with the slots that they hold for; without them where one text holds for all.
fn by_text(features: &[&Feature], text: impl Fn(&Feature) -> String) -> String {
    let mut slots: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for feature in features {
        slots.entry(text(feature)).or_default().push(feature.index);
    }
    if slots.len() == 1 {
        return slots.into_keys().map(|text| plain(&text)).collect();
    }
    let mut parts: Vec<(String, Vec<usize>)> = slots.into_iter().collect();
    parts.sort_by_key(|(_, slots)| slots[0]);
    let part =
        |(text, slots): (String, Vec<usize>)| format!("{} ({})", plain(&text), spans(&slots));
    parts.into_iter().map(part).collect::<Vec<_>>().join("; ")
}

/// `0 to 5, 7`
fn spans(slots: &[usize]) -> String {
    let mut spans: Vec<(usize, usize)> = Vec::new();
    for slot in slots {
        match spans.last_mut() {
            Some((_, last)) if *last + 1 == *slot => *last = *slot,
            _ => spans.push((*slot, *slot)),
        }
    }
    let span = |(first, last)| {
        if first == last { format!("{first}") } else { format!("{first} to {last}") }
    };
    spans.into_iter().map(span).collect::<Vec<_>>().join(", ")
}

fn vectors(out: &mut String, appended: &[Appended]) {
    out.push_str("\n## Regime and consensus: 108 to 116\n\n");
    out.push_str(include_str!("document_vectors.md"));
    out.push_str(
        "\n| slot | name | definition | range | mirror | valid when |\n|---|---|---|---|---|---|\n",
    );
    for entry in appended {
        writeln!(
            out,
            "| {} | `{}` | {} | {} | {} | {} |",
            entry.index,
            entry.name,
            code(&entry.formula),
            range(entry.range),
            parity(&entry.parity),
            entry.warm_up(),
        )
        .unwrap();
    }
}

fn targets(out: &mut String, targets: &[Target]) {
    out.push_str("\n## Targets\n\n");
    out.push_str(include_str!("document_targets.md"));
    out.push_str("\n| # | name | kind | unit | definition | with | known at | embargo | no label where | mirror | loss | source |\n");
    out.push_str("|---|---|---|---|---|---|---|---|---|---|---|---|\n");
    for target in targets {
        writeln!(
            out,
            "| {} | `{}` | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            target.index,
            target.name,
            target.kind,
            plain(&target.unit),
            code(&target.formula),
            if target.threshold == "none" { "-".to_owned() } else { code(&target.threshold) },
            code(&target.t1),
            seconds(target.embargo_ms),
            plain(&target.invalid),
            parity(&target.parity),
            plain(&target.loss),
            plain(&target.source),
        )
        .unwrap();
    }
}

/// `W 10 s, n 14`
fn looks_back(feature: &Feature) -> String {
    let parts = [
        (feature.window_ms > 0).then(|| format!("W {}", seconds(feature.window_ms))),
        (feature.n > 0).then(|| format!("n {}", feature.n)),
        (feature.half_life_ms > 0).then(|| format!("H {}", seconds(feature.half_life_ms))),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { "-".to_owned() } else { parts.join(", ") }
}

fn seconds(millis: u32) -> String {
    format!("{} s", f64::from(millis) / 1e3)
}

fn range([min, max]: [f64; 2]) -> String {
    match (min.is_finite(), max.is_finite()) {
        (false, false) => "any".to_owned(),
        (true, false) => format!(">= {min}"),
        (false, true) => format!("<= {max}"),
        (true, true) => format!("{min} to {max}"),
    }
}

fn parity(code: &str) -> String {
    match code.strip_prefix("swap:") {
        Some(name) => format!("`{name}`"),
        None => code.to_owned(),
    }
}

/// A formula, whose bars would end the cell.
fn code(text: &str) -> String {
    format!("`{}`", text.replace('|', "\\|"))
}

/// Words, whose signs would be read as form.
fn plain(text: &str) -> String {
    text.replace('|', "\\|").replace('*', "\\*").replace('_', "\\_")
}
