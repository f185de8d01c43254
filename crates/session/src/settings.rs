//! From the configuration file to the configurations of the crates: here it is validated, once.

use fluxo_coordinator::{AgentWeights, Following, Hysteresis, Maker, Strategy};
use fluxo_core::{
    AgentKind, CASH_SCALE_DIGITS, Cash, Decimal, InstrumentSpec, Nanos, Size, StrategyKind, Ticks,
    UnixNanos,
};
use fluxo_features::{Calibration, FeatureConfig, SamplingClock};
use fluxo_flow_agents::OrderFlowConfig;
use fluxo_market_data::BookConfig;
use fluxo_sim::{SimConfig, VenueConfig};

use crate::config_file::{EngineFile, HysteresisSection, QuoteSizing};
use crate::{CalibrationFile, ConfigError};

/// How often time is looked at where events make the rows.
const TIMERS_EVERY: Nanos = Nanos::from_millis(100);

impl EngineFile {
    /// How far apart rows, and so decisions, are; where no clock of time makes them, how often time is
    /// looked at.
    pub(crate) fn rows_every(&self) -> Result<Nanos, ConfigError> {
        Ok(self.row_clock()?.step().unwrap_or(TIMERS_EVERY))
    }

    /// The engine's configuration for an instrument.
    ///
    /// # Errors
    /// A number that is out of its range.
    pub fn engine_config(
        &self,
        spec: &InstrumentSpec,
    ) -> Result<fluxo_engine::Config, ConfigError> {
        let sizing = self.sizing_in(&spec.quote);
        Ok(fluxo_engine::Config {
            features: self.feature_config()?,
            calibration: self.calibration(spec)?,
            agents: self.agents_config()?,
            coordinator: fluxo_coordinator::Config {
                strategy: self.strategy()?,
                order: sizing.order,
                position_max: sizing.position_max,
            },
            risk: self.risk_config(&sizing)?,
            execution: fluxo_execution::Config {
                open_orders_max: bounded(
                    "execution.open_orders_max",
                    self.execution.open_orders_max,
                    OPEN_ORDERS_MAX,
                )?,
                take_through: Ticks::new(not_negative(
                    "execution.take_through_ticks",
                    self.execution.take_through_ticks,
                )?),
            },
        })
    }

    /// The simulation's configuration; `match_ttl` is the instrument's.
    ///
    /// # Errors
    /// A number that is out of its range.
    pub fn sim_config(&self, match_ttl: Nanos) -> Result<SimConfig, ConfigError> {
        let simulation = &self.simulation;
        Ok(SimConfig {
            order_latency: millis("simulation.order_latency_ms", simulation.order_latency_ms)?,
            response_latency: millis(
                "simulation.response_latency_ms",
                simulation.response_latency_ms,
            )?,
            row_clock: self.rows_every()?,
            look_ahead_max: SimConfig::LOOK_AHEAD_MAX,
            messages_in_flight_max: SimConfig::MESSAGES_IN_FLIGHT_MAX,
            venue: VenueConfig { match_ttl, ..VenueConfig::CAREFUL },
        })
    }

    /// What a value of each slot of the rows of an instrument means, as one text: its SHA-256 ties a model to the rows
    /// that it was trained on.
    ///
    /// # Errors
    /// A number that is out of its range.
    pub fn feature_schema_text(&self, spec: &InstrumentSpec) -> Result<String, ConfigError> {
        let sha256 = self.calibration.as_ref().map(|file| *file.sha256().as_bytes());
        Ok(fluxo_features::schema_text(&self.feature_config()?, spec, sha256))
    }

    /// What was fitted on earlier sessions of an instrument; nothing where no file is named.
    ///
    /// # Errors
    /// A calibration of another instrument.
    pub fn calibration(&self, spec: &InstrumentSpec) -> Result<Calibration, ConfigError> {
        let file = self.calibration.as_ref();
        file.map_or_else(|| Ok(Calibration::default()), |file| file.for_instrument(spec))
    }

    /// The file that was fitted on earlier sessions, when there is one.
    #[must_use]
    pub const fn calibration_file(&self) -> Option<&CalibrationFile> {
        self.calibration.as_ref()
    }

    /// Refuses a calibration that knows something of what it is used on.
    ///
    /// # Errors
    /// [`ConfigError::CalibrationLate`], or [`ConfigError::CalibrationInstrument`].
    pub fn check_calibrated_before(
        &self,
        begins: UnixNanos,
        spec: &InstrumentSpec,
    ) -> Result<(), ConfigError> {
        let Some(file) = &self.calibration else { return Ok(()) };
        // Of another instrument, its time says nothing.
        file.for_instrument(spec)?;
        file.check_before(begins, spec.calendar)
    }

    /// The most orders that may be open at once.
    #[must_use]
    pub const fn open_orders_max(&self) -> usize {
        self.execution.open_orders_max
    }

    /// How big an order should be, for an instrument in that quote currency.
    pub(crate) fn order_size(&self, quote: &str) -> Size {
        self.sizing_in(quote).order
    }

    fn row_clock(&self) -> Result<SamplingClock, ConfigError> {
        self.rows.clock.parse().map_err(|_| ConfigError::Range {
            key: "rows.clock",
            must: "be time:MILLISECONDS (1 to 1000000000), book-change or volume:LOTS (1 or more)",
            got: self.rows.clock.clone(),
        })
    }

    /// The feature engine's configuration: what rows are made of.
    ///
    /// # Errors
    /// A number that is out of its range.
    pub fn feature_config(&self) -> Result<FeatureConfig, ConfigError> {
        Ok(FeatureConfig {
            clock: self.row_clock()?,
            parent_gap: millis("rows.parent_gap_ms", self.rows.parent_gap_ms)?,
            parent_close: millis("rows.parent_close_ms", self.rows.parent_close_ms)?,
            stale_book_after: millis(
                "rows.stale_ms",
                positive("rows.stale_ms", self.rows.stale_ms)?,
            )?,
            warm_after: millis("rows.warm_after_s", self.rows.warm_after_s.saturating_mul(1_000))?,
            regime_inputs: self.rows.regime.into(),
            book: BookConfig::DEFAULT,
        })
    }

    fn agents_config(&self) -> Result<fluxo_flow_agents::Config, ConfigError> {
        let section = &self.agents.order_flow_specialist;
        let order_flow = OrderFlowConfig {
            ofi_scale: section.ofi_scale,
            delta_scale_units: section.delta_scale_units,
            dead_band: section.dead_band,
            horizon: millis("agents.order-flow-specialist.horizon_ms", section.horizon_ms)?,
        };
        let on_duty = self.agents.enabled.contains(&AgentKind::OrderFlowSpecialist);
        Ok(fluxo_flow_agents::Config { order_flow: on_duty.then_some(order_flow) })
    }

    fn strategy(&self) -> Result<Strategy, ConfigError> {
        let strategy = &self.strategy;
        Ok(match strategy.name {
            StrategyKind::Imbalance => Strategy::Imbalance(hysteresis(&strategy.imbalance)?),
            StrategyKind::Maker => Strategy::Maker(Maker { renew: strategy.maker.renew }),
            StrategyKind::Agents => {
                let agents = &strategy.agents;
                let thresholds = hysteresis(&HysteresisSection {
                    enter: agents.enter,
                    leave: agents.leave,
                    hold_ms: agents.hold_ms,
                })?;
                let weight = |agent| agents.weights.get(&agent).copied().unwrap_or(0.0);
                Strategy::Agents {
                    thresholds,
                    weights: AgentWeights::new(AgentKind::ALL.map(weight)),
                }
            }
            StrategyKind::Ensemble => {
                let ensemble = &strategy.ensemble;
                Strategy::Ensemble(Following {
                    hold: millis("strategy.ensemble.hold_ms", ensemble.hold_ms)?,
                    flat_after: millis("strategy.ensemble.flat_after_ms", ensemble.flat_after_ms)?,
                })
            }
        })
    }

    /// Sizes in the instrument's quote currency; where none are given, a dollar's are taken.
    fn sizing_in(&self, quote: &str) -> QuoteSizing {
        let sizing = &self.sizing;
        sizing.quote.get(quote).copied().unwrap_or(QuoteSizing {
            order: sizing.order,
            position_max: sizing.position_max,
            order_value_max: sizing.order_value_max,
            daily_loss_max: sizing.daily_loss_max,
        })
    }

    fn risk_config(&self, sizing: &QuoteSizing) -> Result<fluxo_risk::Config, ConfigError> {
        let risk = &self.risk;
        for (key, Size::Quantity(size) | Size::Notional(size)) in
            [("sizing.order", sizing.order), ("sizing.position_max", sizing.position_max)]
        {
            if !size.is_positive() {
                return Err(ConfigError::Range {
                    key,
                    must: "be above zero",
                    got: size.to_string(),
                });
            }
        }
        Ok(fluxo_risk::Config {
            position_max: sizing.position_max,
            order_notional_max: cash("sizing.order_value_max", sizing.order_value_max)?,
            orders_in_window_max: bounded("risk.orders_max", risk.orders_max, ORDERS_MAX)?,
            rate_window: millis(
                "risk.rate_window_ms",
                positive("risk.rate_window_ms", risk.rate_window_ms)?,
            )?,
            daily_loss_max: cash("sizing.daily_loss_max", sizing.daily_loss_max)?,
            stale_book_after: millis(
                "risk.stale_book_ms",
                positive("risk.stale_book_ms", risk.stale_book_ms)?,
            )?,
            spread_max_centi_bps: centi_bps("risk.spread_max_bps", risk.spread_max_bps)?,
        })
    }
}

fn hysteresis(section: &HysteresisSection) -> Result<Hysteresis, ConfigError> {
    let hold = millis("strategy.*.hold_ms", section.hold_ms)?;
    Ok(Hysteresis { enter: section.enter, leave: section.leave, hold })
}

/// The longest span that a configuration may name: a year.
const MILLIS_MAX: i64 = 366 * 86_400_000;
/// More open orders than any venue lets one account have.
const OPEN_ORDERS_MAX: usize = 10_000;
/// More orders in one rate window than any venue lets pass.
const ORDERS_MAX: u32 = 1_000_000;
/// The widest spread that a configuration may name: the price itself.
const SPREAD_BPS_MAX: f64 = 10_000.0;

fn millis(key: &'static str, value: i64) -> Result<Nanos, ConfigError> {
    if (0..=MILLIS_MAX).contains(&value) {
        Ok(Nanos::from_millis(value))
    } else {
        Err(ConfigError::Range { key, must: "lie between 0 and a year", got: value.to_string() })
    }
}

fn positive<T: Copy + PartialOrd + Default + ToString>(
    key: &'static str,
    value: T,
) -> Result<T, ConfigError> {
    if value > T::default() {
        Ok(value)
    } else {
        Err(ConfigError::Range { key, must: "be above zero", got: value.to_string() })
    }
}

/// A count that takes up memory: above zero, and at most `most`.
fn bounded<T: Copy + PartialOrd + Default + std::fmt::Display>(
    key: &'static str,
    value: T,
    most: T,
) -> Result<T, ConfigError> {
    if value <= most {
        return positive(key, value);
    }
    Err(ConfigError::Range { key, must: "be smaller", got: format!("{value}, above {most}") })
}

fn not_negative(key: &'static str, value: i64) -> Result<i64, ConfigError> {
    if value >= 0 {
        Ok(value)
    } else {
        Err(ConfigError::Range { key, must: "not be negative", got: value.to_string() })
    }
}

fn cash(key: &'static str, amount: Decimal) -> Result<Cash, ConfigError> {
    let digits = u8::try_from(CASH_SCALE_DIGITS).unwrap_or(u8::MAX);
    match amount.mantissa_at(digits) {
        Some(units) if units > 0 => Ok(Cash::from_units(i128::from(units))),
        _ => Err(ConfigError::Range {
            key,
            must: "be above zero, with at most 8 digits after the point",
            got: amount.to_string(),
        }),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "its range is checked first")]
fn centi_bps(key: &'static str, bps: f64) -> Result<i64, ConfigError> {
    // NaN fails the comparison.
    if bps > 0.0 && bps <= SPREAD_BPS_MAX {
        Ok(((bps * 100.0).round() as i64).max(1))
    } else {
        Err(ConfigError::Range {
            key,
            must: "lie above 0 and be at most 10000",
            got: bps.to_string(),
        })
    }
}
