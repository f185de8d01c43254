//! The proof that an order was checked.

use fluxo_core::LimitUse;

/// A `T` that the gate let through. Only [`crate::Gate::check`] makes one: no public field, no
/// `From`, no `Deserialize`, and no copy that could be sent twice.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "an approval that is dropped is an order that was never sent"]
pub struct Approved<T> {
    value: T,
    limits: LimitUse,
}

impl<T> Approved<T> {
    pub(crate) const fn new(value: T, limits: LimitUse) -> Self {
        Self { value, limits }
    }

    /// What was approved.
    pub const fn get(&self) -> &T {
        &self.value
    }

    /// Spends the approval: what was approved, and how much of its limits it uses.
    pub fn into_parts(self) -> (T, LimitUse) {
        (self.value, self.limits)
    }
}
