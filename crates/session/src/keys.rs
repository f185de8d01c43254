//! Keys of configuration files: merging, overriding, and naming the one that was meant.

use serde::de::DeserializeOwned;
use toml::{Table, Value};

use crate::ConfigError;

/// A key that nobody reads, with its sections: `strategy.imbalance.entr`.
#[derive(Debug)]
pub(crate) struct Unknown {
    pub(crate) path: String,
}

pub(crate) fn parse(text: &str, place: &str) -> Result<Table, ConfigError> {
    text.parse::<Table>().map_err(|source| ConfigError::Syntax { place: place.to_owned(), source })
}

/// `a.b.c=VALUE`; a value that is no TOML value is text.
pub(crate) fn assignment(text: &str) -> Result<Table, ConfigError> {
    let malformed = || ConfigError::Assignment { text: text.to_owned() };
    let (path, value) = text.split_once('=').ok_or_else(malformed)?;
    let value = value.trim();
    let value = format!("x = {value}")
        .parse::<Table>()
        .ok()
        .and_then(|mut table| table.remove("x"))
        .unwrap_or_else(|| Value::String(value.to_owned()));
    let mut names: Vec<&str> = path.trim().split('.').collect();
    if names.iter().any(|name| name.is_empty()) {
        return Err(malformed());
    }
    let mut inner = Table::from_iter([(names.pop().unwrap_or_default().to_owned(), value)]);
    while let Some(name) = names.pop() {
        inner = Table::from_iter([(name.to_owned(), Value::Table(inner))]);
    }
    Ok(inner)
}

/// `over` on top of `under`, section by section. A choice between two keys, as `{ notional = … }` and
/// `{ quantity = … }`, is replaced as a whole.
pub(crate) fn merged(under: &Table, over: &Table) -> Table {
    let mut merged = under.clone();
    for (key, value) in over {
        let value = match (merged.get(key), value) {
            (Some(Value::Table(under)), Value::Table(over)) if !is_choice(under) => {
                Value::Table(self::merged(under, over))
            }
            _ => value.clone(),
        };
        merged.insert(key.clone(), value);
    }
    merged
}

fn is_choice(table: &Table) -> bool {
    const CHOICES: [&str; 2] = ["notional", "quantity"];
    !table.is_empty() && table.keys().all(|key| CHOICES.contains(&key.as_str()))
}

/// A table as a `T`, with the keys that `T` does not read.
pub(crate) fn deserialize<T: DeserializeOwned>(
    table: Table,
    place: &str,
) -> Result<(T, Vec<Unknown>), ConfigError> {
    let mut unknown = Vec::new();
    let value = serde_ignored::deserialize(Value::Table(table), |path| {
        unknown.push(Unknown { path: path.to_string().replace("?.", "") });
    })
    .map_err(|source| ConfigError::Value { place: place.to_owned(), source: Box::new(source) })?;
    Ok((value, unknown))
}

/// Refuses the first key that `T` does not read, and names the nearest of `known`.
pub(crate) fn refuse_unknown<T: DeserializeOwned>(
    table: &Table,
    known: &Table,
    place: &str,
) -> Result<(), ConfigError> {
    let (_, unknown) = deserialize::<T>(table.clone(), place)?;
    match unknown.into_iter().next() {
        Some(Unknown { path: key }) => {
            let nearest = nearest(&key, known);
            Err(ConfigError::UnknownKey { place: place.to_owned(), key, nearest })
        }
        None => Ok(()),
    }
}

/// The known key that a typing hand is most likely to have meant.
fn nearest(key: &str, known: &Table) -> Option<String> {
    let (mut paths, mut sections) = (Vec::new(), vec![(String::new(), known)]);
    while let Some((prefix, table)) = sections.pop() {
        for (name, value) in table {
            let path = format!("{prefix}{name}");
            if let Value::Table(inner) = value {
                sections.push((format!("{path}."), inner));
            }
            paths.push(path);
        }
    }
    nearest_of(key, paths.iter().map(String::as_str))
}

/// The word nearest to `word`, when one is near at all.
#[must_use]
pub fn nearest_of<'a>(word: &str, words: impl Iterator<Item = &'a str>) -> Option<String> {
    const NEAR: f64 = 0.7;
    words
        .map(|candidate| (strsim::jaro_winkler(word, candidate), candidate))
        .filter(|(similarity, _)| *similarity >= NEAR)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, candidate)| candidate.to_owned())
}
