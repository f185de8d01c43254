//! A run of the engine over a recording or a live feed: configuration, source, loop, summary.
//!
//! `paper-trader replay`, `paper-trader run` and `backtester run` are this crate with different ends,
//! so that equal inputs give equal decisions. It promises that nothing but the configuration, the
//! instruments and what came from the source, or from a person through it, reaches the engine.

mod calibration;
mod capture_input;
mod clock;
mod config_file;
mod error;
mod feed;
mod fills;
mod inputs;
mod instruments_file;
mod keeper;
mod keys;
mod lake_input;
mod live;
mod models;
mod out_folder;
mod peek;
mod receive_clock;
mod recording;
mod recording_error;
mod replay;
mod run;
mod selection;
mod settings;
mod source;
mod summary;

pub use calibration::{
    CALIBRATION_FORMAT, CalibratedInstrument, CalibrationFacts, CalibrationFile, MicroPriceFit,
    SessionsFitted, SizeUnitFit, VolumeBucketFit,
};
pub use config_file::{DEFAULT_ENGINE_TOML, EngineFile};
pub use error::ConfigError;
pub use inputs::Inputs;
pub use instruments_file::{DEFAULT_INSTRUMENTS_TOML, Instruments};
pub use keys::nearest_of;
pub use live::{LiveSetup, Stopper, ask, run_live};
pub use models::{Models, bundle_failure, bundle_id, find_library, load_runtime, read_bundle};
pub use recording::Recording;
pub use recording_error::RecordingError;
pub use replay::{ReplayModels, Scores, recorded_configuration, replay_journal};
pub use run::{Destination, Progress, Setup, lake_failure, run};
pub use selection::{Selection, market_named};
pub use summary::grid_warning;
