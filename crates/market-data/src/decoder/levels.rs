//! Arrays of `["price","size"]`: nearly all of the bytes of a feed.

use fluxo_core::Side;

use super::amount::{Amount, Layouts, read_amount};
use super::field::{Fault, FaultKind, Field};
use crate::json::{Cursor, Layout, Quick};
use crate::{Digits, Error, RawLevel};

/// The levels read so far, and the digits that they need.
#[derive(Clone, Debug, Default)]
pub(super) struct LevelStore {
    pub(super) levels: Vec<RawLevel>,
    /// More than the layouts' digits when a level needs them; its mantissas are then worth nothing.
    pub(super) needs: Digits,
}

impl LevelStore {
    pub(super) fn clear(&mut self) {
        self.levels.clear();
        self.needs = Digits::default();
    }

    /// Forgets one side: its field comes a second time, and the last one wins.
    pub(super) fn forget(&mut self, side: Side) {
        self.levels.retain(|level| level.side != side);
    }
}

/// Reads the array that comes next, with its bracket. Levels that are no levels are a fault, at the
/// first of them, for whoever needs them; only broken JSON is an error.
pub(super) fn read_levels(
    cursor: &mut Cursor<'_>,
    side: Side,
    layouts: &mut Layouts,
    store: &mut LevelStore,
) -> Result<Option<Fault>, Error> {
    let start = cursor.at();
    let mut more = cursor.open(b'[', b']')?;
    while more {
        let quick = quick_levels(cursor.rest(), side, layouts, &mut store.levels);
        cursor.advance(quick.length);
        if !quick.behind_entry
            && let Err(fault) = slow_level(cursor, side, layouts, store)?
        {
            // Whatever it is, its structure is still checked.
            cursor.return_to(start);
            cursor.skip_value()?;
            return Ok(Some(fault));
        }
        more = cursor.next_entry(b']')?;
    }
    Ok(None)
}

/// Where the quick way stopped.
#[derive(Clone, Copy)]
struct QuickEnd {
    /// The bytes that were read.
    length: usize,
    /// Whether an entry ends there, rather than one that must be read the slow way beginning.
    behind_entry: bool,
}

/// Reads the levels that are printed without white space, as every venue does, in the expected
/// layout.
#[inline]
fn quick_levels(
    text: &[u8],
    side: Side,
    layouts: &Layouts,
    levels: &mut Vec<RawLevel>,
) -> QuickEnd {
    let mut rest = text;
    let end =
        |rest: &[u8], behind_entry| QuickEnd { length: text.len() - rest.len(), behind_entry };
    while let Some(price) = quick_amount(rest, *b"[\"", &layouts.price)
        && let Some(size) = quick_amount(&rest[price.length..], *b",\"", &layouts.size)
        && let [b']', behind @ ..] = &rest[price.length + size.length..]
        && price.mantissa != 0
    {
        levels.push(RawLevel { side, price: price.mantissa, size: size.mantissa });
        let [b',', next @ ..] = behind else { return end(behind, true) };
        rest = next;
    }
    end(rest, false)
}

#[inline]
fn quick_amount(rest: &[u8], opening: [u8; 2], layout: &Layout) -> Option<Quick> {
    let (first, rest) = rest.split_first_chunk()?;
    if *first != opening {
        return None;
    }
    let Quick { mantissa, length } = layout.quick(rest)?;
    Some(Quick { mantissa, length: length + 2 })
}

/// Any other entry of the array.
#[inline(never)]
fn slow_level(
    cursor: &mut Cursor<'_>,
    side: Side,
    layouts: &mut Layouts,
    store: &mut LevelStore,
) -> Result<Result<(), Fault>, Error> {
    let no_level = Ok(Err(Fault::invalid(cursor.at())));
    if cursor.peek() != Some(b'[') || !cursor.open(b'[', b']')? {
        return no_level;
    }
    let price_at = cursor.at();
    let (mut price, mut size) = (Field::Absent, Field::Absent);
    read_amount(cursor, &layouts.price, &mut price)?;
    if !cursor.next_entry(b']')? {
        return no_level;
    }
    read_amount(cursor, &layouts.size, &mut size)?;
    // Old captures have a third entry that is always empty.
    while cursor.next_entry(b']')? {
        cursor.skip_value()?;
    }
    let (price, size) = match (price, size) {
        (Field::Is(price), Field::Is(size)) => (price, size),
        (Field::Fault(fault), _) | (_, Field::Fault(fault)) => return Ok(Err(fault)),
        _ => return no_level,
    };
    let needs = Digits {
        price: price.needed_digits(&layouts.price),
        size: size.needed_digits(&layouts.size),
    };
    if needs != layouts.digits() {
        store.needs.price = store.needs.price.max(needs.price);
        store.needs.size = store.needs.size.max(needs.size);
        return Ok(Ok(()));
    }
    Ok(level(side, price, size, layouts).and_then(|level| {
        if level.price == 0 {
            return Err(Fault { at: price_at, kind: FaultKind::Invalid });
        }
        store.levels.push(level);
        Ok(())
    }))
}

fn level(
    side: Side,
    price: Amount<'_>,
    size: Amount<'_>,
    layouts: &mut Layouts,
) -> Result<RawLevel, Fault> {
    let price = price.mantissa(&mut layouts.price)?;
    let size = size.mantissa(&mut layouts.size)?;
    Ok(RawLevel { side, price, size })
}
