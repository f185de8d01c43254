//! Hedge with a fixed share (Herbster & Warmuth 1998), as functions of weights alone.

/// One round: `v_i = w_i exp(-eta l_i)`, normalised, then `w_i = (1-alpha) v_i + alpha/N`. The weights
/// add up to one before and after.
pub fn fixed_share(weights: &mut [f64], losses: &[f64], eta: f64, alpha: f64) {
    // Only differences count, and the best model must not underflow with the others.
    let least = losses.iter().copied().fold(f64::INFINITY, f64::min);
    for (weight, loss) in weights.iter_mut().zip(losses) {
        *weight *= libm::exp(-eta * (loss - least));
    }
    let total: f64 = weights.iter().sum();
    let share = alpha / weights.len() as f64;
    weights.iter_mut().for_each(|weight| *weight = (1.0 - alpha) * *weight / total + share);
}

/// Normalises over those that are `kept` and lifts each to a floor: `W_i = (1 - N eps) u_i/sum u +
/// eps` with `eps = min(floor, 0.5/N)`, N the number kept; the others get 0. Says whether any is left.
pub fn floored(weights: &mut [f64], kept: &[bool], floor: f64) -> bool {
    for (weight, kept) in weights.iter_mut().zip(kept) {
        *weight = if *kept { *weight } else { 0.0 };
    }
    let count = kept.iter().filter(|kept| **kept).count() as f64;
    let total: f64 = weights.iter().sum();
    let eps = floor.min(0.5 / count);
    for (weight, _) in weights.iter_mut().zip(kept).filter(|(_, kept)| **kept) {
        // Without forgetting, all that is left may have fallen to nothing: then nobody is better.
        let part = if total > 0.0 { *weight / total } else { 1.0 / count };
        *weight = (1.0 - count * eps) * part + eps;
    }
    count > 0.0
}
