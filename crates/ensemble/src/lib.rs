//! Bundles of models, verified before they count, and the forecast that they form on a row.
