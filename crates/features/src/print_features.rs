//! The groups that read prints and parents, as one: the engine tells it what happened, and it tells
//! them.

use fluxo_core::{InstrumentSpec, SizeClasses, Trade};
use serde::{Deserialize, Serialize};

use crate::coverage::Coverage;
use crate::groups::{Absorption, Footprint, Hawkes, Profile, Slots, Sweep, Tape, TradeFlow, Vpin};
use crate::parents::ParentEvent;
use crate::{Calibration, Error};

/// Features 27-36, 38-41, 93 and 99-103.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PrintFeatures {
    trade_flow: TradeFlow,
    tape: Tape,
    vpin: Vpin,
    hawkes: Hawkes,
    sweep: Sweep,
    absorption: Absorption,
    footprint: Footprint,
    profile: Profile,
}

/// What prints are counted in, besides ticks and lots.
struct Units {
    size_lots: i64,
    size_classes: SizeClasses,
    profile_row_ticks: i64,
    footprint_row_ticks: i64,
}

impl Units {
    /// A unit below one is a mistake, and one is the unit that is nearest to it.
    fn of(spec: &InstrumentSpec) -> Self {
        Self {
            size_lots: spec.size_unit_lots.get().max(1),
            size_classes: spec.units.size_classes,
            profile_row_ticks: spec.units.profile_row_ticks.max(1),
            footprint_row_ticks: spec.units.footprint_row_ticks.max(1),
        }
    }
}

impl PrintFeatures {
    /// # Errors
    /// When a unit of the specification is not above zero, or its classes of size are in no order.
    pub(crate) fn new(spec: &InstrumentSpec, calibration: &Calibration) -> Result<Self, Error> {
        for (name, value) in [
            ("size_unit_lots", spec.size_unit_lots.get()),
            ("profile_row_ticks", spec.units.profile_row_ticks),
            ("footprint_row_ticks", spec.units.footprint_row_ticks),
        ] {
            if value < 1 {
                return Err(Error::SpecUnit { name, value });
            }
        }
        if !spec.units.size_classes.are_ordered() {
            return Err(Error::SizeClasses { classes: spec.units.size_classes.0 });
        }
        let units = Units::of(spec);
        Ok(Self {
            trade_flow: TradeFlow::new(units.size_lots, units.size_classes),
            tape: Tape::new(),
            vpin: Vpin::new(calibration.volume_bucket_lots),
            hawkes: Hawkes::new(),
            sweep: Sweep::new(),
            absorption: Absorption::new(),
            footprint: Footprint::new(units.footprint_row_ticks, units.size_lots),
            profile: Profile::new(units.profile_row_ticks),
        })
    }

    /// Forgets everything but VPIN: a break. What is counted in volume outlives a time without any.
    pub(crate) fn clear(&mut self) {
        self.trade_flow.clear();
        self.tape.clear();
        self.hawkes.clear();
        self.sweep.clear();
        self.absorption.clear();
        self.footprint.clear();
        self.profile.open_session();
    }

    /// Counts in the ticks, lots and units of another specification from now on; a lot became so many
    /// of its lots, where anybody knows. Everything that was counted is forgotten, but VPIN is restated.
    pub(crate) fn respecify(&mut self, spec: &InstrumentSpec, lots_factor: Option<i64>) {
        let units = Units::of(spec);
        self.trade_flow.set_size_unit(units.size_lots, units.size_classes);
        self.vpin.rescale(lots_factor);
        self.footprint.set_units(units.footprint_row_ticks, units.size_lots);
        self.profile.set_row(units.profile_row_ticks);
        self.clear();
    }

    /// What is counted from the opening of the session begins anew. VPIN is no such thing: the roll of
    /// the day is no break, and its bucket keeps its size (FEATURES 2).
    pub(crate) fn open_session(&mut self) {
        self.trade_flow.open_session();
        self.profile.open_session();
    }

    /// Rolls every grid up to its last boundary before `ts`.
    pub(crate) fn advance(&mut self, ts: i64, coverage: &Coverage) {
        self.trade_flow.advance(ts);
        self.absorption.advance(ts, coverage);
        self.footprint.advance(ts, coverage);
        self.profile.advance(ts);
    }

    pub(crate) fn on_print(&mut self, ts: i64, trade: &Trade) {
        self.trade_flow.on_print(trade);
        self.vpin.on_print(ts, trade);
        self.absorption.on_print(trade);
        self.footprint.on_print(trade);
        self.profile.on_print(trade);
    }

    pub(crate) fn on_parent(&mut self, event: &ParentEvent) {
        self.trade_flow.on_parent(event);
        self.tape.on_parent(event);
        self.hawkes.on_parent(event);
        self.sweep.on_parent(event);
    }

    /// Prints outside the rows of their footprint bar, counted in its end rows.
    pub(crate) fn clipped(&self) -> u64 {
        self.footprint.clipped()
    }

    /// Every event up to `at` has been seen, and none after it.
    pub(crate) fn write(&mut self, at: i64, coverage: &Coverage, slots: &mut Slots<'_>) {
        self.trade_flow.write(at, coverage, slots);
        self.tape.write(slots);
        self.vpin.write(slots);
        self.hawkes.write(at, coverage, slots);
        self.sweep.write(at, coverage, slots);
        self.absorption.write(at, coverage, slots);
        self.footprint.write(at, coverage, slots);
        self.profile.write(at, slots);
    }
}
