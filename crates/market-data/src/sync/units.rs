//! The specification in force: turns raw levels into ticks and lots, and makes the specification
//! finer when a value does not fit.
//!
//! Either every value of a message is converted, or none is and the specification stays as it was.

use fluxo_core::{InstrumentSpec, LevelUpdate, SpecSource, UnixNanos};

use crate::{Digits, Error, Grid, GridAt, RawLevel};

/// Raw levels of one message, and what their mantissas mean.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<'a> {
    pub(super) digits: Digits,
    pub(super) levels: &'a [RawLevel],
}

/// Whether the units changed while something was converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UnitsChange {
    None,
    Refined,
}

#[derive(Clone, Debug)]
pub(super) struct Units {
    spec: InstrumentSpec,
    grid: Grid,
    /// The grid at the start.
    first: Grid,
    refinement_max: i64,
    /// The grid at the digits that came last: they hardly ever change.
    at: GridAt,
}

impl Units {
    pub(super) fn new(spec: InstrumentSpec, refinement_max: i64) -> Result<Self, Error> {
        let grid = Grid::new(&spec)?;
        Ok(Self { spec, grid, first: grid, refinement_max, at: grid.at(Digits::default())? })
    }

    pub(super) const fn spec(&self) -> &InstrumentSpec {
        &self.spec
    }

    /// The grid for a message of these digits.
    pub(super) fn at(&mut self, digits: Digits) -> Result<GridAt, Error> {
        if self.at.digits() != digits {
            self.at = self.grid.at(digits)?;
        }
        Ok(self.at)
    }

    /// Appends the levels of the pieces, in order. When one lies off the grid, the specification is
    /// first made fine enough for all of them, valid from `now`.
    pub(super) fn convert<'a>(
        &mut self,
        pieces: &(impl Iterator<Item = Piece<'a>> + Clone),
        now: UnixNanos,
        out: &mut Vec<LevelUpdate>,
    ) -> Result<UnitsChange, Error> {
        let length = out.len();
        let result = pieces.clone().try_for_each(|piece| {
            let at = self.at(piece.digits)?;
            append(at, piece.levels, out)
        });
        let Err(error) = result else {
            return Ok(UnitsChange::None);
        };
        out.truncate(length);
        match error {
            Error::OffGrid { .. } => self.refine(pieces, now, out),
            other => Err(other),
        }
    }

    #[cold]
    fn refine<'a>(
        &mut self,
        pieces: &(impl Iterator<Item = Piece<'a>> + Clone),
        now: UnixNanos,
        out: &mut Vec<LevelUpdate>,
    ) -> Result<UnitsChange, Error> {
        let mut grid = self.grid;
        for piece in pieces.clone() {
            for level in piece.levels {
                grid = grid.refined(piece.digits, level.price, level.size)?;
                self.check_refinement(&grid, piece.digits, level)?;
            }
        }
        let spec = refined_spec(&self.spec, &grid, now)?;
        let length = out.len();
        let result =
            pieces.clone().try_for_each(|piece| append(grid.at(piece.digits)?, piece.levels, out));
        if let Err(error) = result {
            out.truncate(length);
            return Err(error);
        }
        (self.spec, self.grid, self.at) = (spec, grid, grid.at(self.at.digits())?);
        Ok(UnitsChange::Refined)
    }

    /// Whether the grid at the start may become as fine as `grid`, because of `level`.
    fn check_refinement(&self, grid: &Grid, digits: Digits, level: &RawLevel) -> Result<(), Error> {
        let [tick, lot] =
            [(self.first.tick_size(), grid.tick_size()), (self.first.lot_size(), grid.lot_size())]
                .map(|(first, now)| {
                    first.multiple_of(now).is_some_and(|n| n <= self.refinement_max)
                });
        if !tick {
            return Err(Error::OutOfRange { value: level.price, digits: digits.price });
        }
        if !lot {
            return Err(Error::OutOfRange { value: level.size, digits: digits.size });
        }
        Ok(())
    }
}

#[inline]
fn append(at: GridAt, levels: &[RawLevel], out: &mut Vec<LevelUpdate>) -> Result<(), Error> {
    out.reserve(levels.len());
    for level in levels {
        let (price, lots) = (at.price(level.price)?, at.lots(level.size)?);
        out.push(LevelUpdate { side: level.side, price, lots });
    }
    Ok(())
}

/// The same instrument on a finer grid. A size unit stays the same quantity, and a row the same height.
fn refined_spec(
    spec: &InstrumentSpec,
    grid: &Grid,
    now: UnixNanos,
) -> Result<InstrumentSpec, Error> {
    let bad = Error::BadGrid { tick_size: grid.tick_size(), lot_size: grid.lot_size() };
    let price_factor = spec.tick_size.multiple_of(grid.tick_size()).ok_or(bad)?;
    let lots_factor = spec.lot_size.multiple_of(grid.lot_size()).ok_or(bad)?;
    Ok(InstrumentSpec {
        tick_size: grid.tick_size(),
        lot_size: grid.lot_size(),
        size_unit_lots: spec.size_unit_lots.rescaled(lots_factor).ok_or(bad)?,
        units: spec.units.rescaled(price_factor).ok_or(bad)?,
        valid_from: now,
        source: match spec.source {
            SpecSource::Inferred => SpecSource::Inferred,
            SpecSource::Configured | SpecSource::Refined => SpecSource::Refined,
        },
        ..spec.clone()
    })
}
