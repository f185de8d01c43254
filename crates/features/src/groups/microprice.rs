//! 59: where the mid is expected to go from the state of the best queues (FEATURES 7.4).

use crate::MicroPriceTable;
use crate::book_state::Top;
use crate::catalogue::index;

use super::Slots;

/// Writes the entry of the table; undefined without a table or a valid book.
pub(crate) fn write_microprice(
    table: Option<&MicroPriceTable>,
    top: Option<Top>,
    slots: &mut Slots<'_>,
) {
    let value = table.zip(top).map(|(table, top)| table.at(&top));
    slots.put(index::MICROPRICE_DEV, value);
}
