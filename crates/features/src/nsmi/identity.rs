//! Which regime it is: fingerprints of the last few, found again by their distance.

use serde::{Deserialize, Serialize};

use super::distance::{Gaussian, bhattacharyya};

/// How many regimes are remembered.
pub(crate) const REGIMES_MAX: usize = 8;
/// How far a fingerprint moves when its regime comes back.
const UPDATE: f64 = 0.1;

/// The regimes seen last. An id is never used again.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Regimes {
    known: [Option<Fingerprint>; REGIMES_MAX],
    next_id: u32,
    looks: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Fingerprint {
    id: u32,
    gaussian: Gaussian,
    /// The look at which it was last the regime.
    last_look: u64,
}

impl Regimes {
    /// The id of the nearest regime no further than `distance_max`, which learns; or else a new one,
    /// in the place of the one that was not seen for longest.
    pub(crate) fn identify(&mut self, n: usize, now: &Gaussian, distance_max: f64) -> u32 {
        self.looks += 1;
        let (looks, next_id) = (self.looks, self.next_id);
        let nearest = self
            .known
            .iter_mut()
            .flatten()
            .filter_map(|known| Some((bhattacharyya(n, now, &known.gaussian)?, known)))
            .min_by(|(a, _), (b, _)| a.total_cmp(b));
        if let Some((distance, known)) = nearest
            && distance <= distance_max
        {
            known.gaussian.approach(n, now, UPDATE);
            known.last_look = looks;
            return known.id;
        }
        let seen = |slot: &Option<Fingerprint>| slot.as_ref().map_or(0, |known| known.last_look);
        let place = self.known.iter_mut().min_by_key(|slot| seen(slot));
        *place.expect("there is room for eight regimes") =
            Some(Fingerprint { id: next_id, gaussian: now.clone(), last_look: looks });
        self.next_id += 1;
        next_id
    }

    /// How many regimes there were.
    pub(crate) const fn count(&self) -> u32 {
        self.next_id
    }
}
