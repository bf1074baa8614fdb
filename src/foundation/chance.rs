//! Keyed, counter-based random draws: the only module that names a random generator.
//!
//! The key of a draw is (seed, future, purpose, who, ordinal). Nothing else enters, so a draw does not depend on the number of
//! threads, on the order of draws, or on unrelated rules or agents. Two arms of one future share every draw with the same key
//! (common random numbers).
//!
//! The generator is Philox4x32-10 (Salmon et al. 2011, <https://doi.org/10.1145/2063384.2063405>), checked
//! against the published known-answer vectors in `tests/chance.rs`.

use rand_philox::{Philox, splitmix64};

use super::{maths, sampling};

/// Purpose of a draw. Numbers are never reused, since a changed number changes every result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u64)]
pub enum Purpose {
    /// The value of a sampled parameter in one future.
    Parameter = 1,
    /// Random score of a training run, by lab and run ordinal.
    RunLuck = 2,
    /// Length of a training run, by lab and run ordinal.
    RunLength = 3,
    /// Lasting skill of a lab.
    LabSkill = 4,
    /// Months from the start of a variant project to its first sale, by maker and ordinal.
    RedesignLag = 5,
    /// Slip of a generation against its plan, by maker and ordinal.
    GenerationSlip = 6,
    /// Shock to demand, by region and month.
    DemandShock = 7,
    /// Resampling for the standard error of a quantile.
    Bootstrap = 8,
    /// Whether the target refuses what its exporter reopens; one draw a future.
    Refusal = 9,
    /// Threshold of the next theft, by ordinal.
    Theft = 10,
    /// Threshold of the next detection, by broker and ordinal.
    Detection = 11,
    /// Threshold of the next political change, by side and ordinal.
    Politics = 12,
    /// Retaliation to a tightening by export restrictions on materials, by ordinal.
    Retaliation = 21,
    /// Release delay of a lab, by lab.
    ReleaseDelay = 22,
    /// Software maturity of a maker at the start, by maker.
    SoftwareMaturity = 23,
    /// What the owner of a maker spends on its chips, by maker.
    OwnerShare = 24,
    /// Error of observation, by recorded point and draw.
    ObservationError = 31,
    /// Steps of a Markov chain that samples a posterior, by chain and ordinal.
    PosteriorSample = 32,
}

/// A stable 64-bit key of a named entity: the 64-bit FNV-1a hash of its key text.
///
/// Display names and row numbers do not enter, so renaming or sorting a table changes no draw.
pub const fn stable_key(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut i = 0;
    while i < bytes.len() {
        hash ^= bytes[i] as u64;
        hash = hash.wrapping_mul(0x0000_0100_0000_01b3);
        i += 1;
    }
    hash
}

/// The source of all random draws of one future; arms of the same future share it.
#[derive(Clone, Copy, Debug)]
pub struct Chance {
    key: [u32; 2],
}

impl Chance {
    pub fn of(seed: u64, future: u64) -> Self {
        let mixed = splitmix64(splitmix64(seed ^ 0x9e37_79b9_7f4a_7c15) ^ future);
        Self {
            key: [mixed as u32, (mixed >> 32) as u32],
        }
    }

    /// The random stream of one key.
    fn stream(self, purpose: Purpose, who: u64, ordinal: u64) -> Philox {
        let stream = splitmix64(who ^ splitmix64(purpose as u64));
        // Each question owns 2^16 blocks, far more than any distribution consumes.
        let counter = (u128::from(stream) << 64) | (u128::from(ordinal) << 16);
        Philox::new(self.key, counter)
    }

    /// A number in (0, 1).
    pub fn uniform(self, purpose: Purpose, who: u64, ordinal: u64) -> f64 {
        sampling::open_unit(self.stream(purpose, who, ordinal).next_u64())
    }

    /// A standard normal number.
    pub fn normal(self, purpose: Purpose, who: u64, ordinal: u64) -> f64 {
        let mut stream = self.stream(purpose, who, ordinal);
        sampling::normal(&mut || stream.next_u64())
    }

    /// A unit exponential number: the threshold of a cumulative hazard.
    pub fn exponential(self, purpose: Purpose, who: u64, ordinal: u64) -> f64 {
        let mut stream = self.stream(purpose, who, ordinal);
        sampling::exponential(&mut || stream.next_u64())
    }

    /// A gamma number with mean 1 and this shape (shape at least 0.01).
    pub fn gamma_of_mean_one(self, purpose: Purpose, who: u64, ordinal: u64, shape: f64) -> f64 {
        let (shape, mut stream) = (shape.max(0.01), self.stream(purpose, who, ordinal));
        sampling::gamma(shape, &mut || stream.next_u64()) / shape
    }
}

/// Image of place `at` under a keyed permutation of `count` places, computed without a list.
///
/// Four rounds of a balanced Feistel network over the smallest even number of bits that holds `count`, walked until the
/// answer is one of the places (Black and Rogaway 2002, "Ciphers with arbitrary finite domains").
pub fn permuted(seed: u64, who: u64, at: u64, count: u64) -> u64 {
    let half = (64 - count.max(2).saturating_sub(1).leading_zeros()).div_ceil(2);
    let mask = (1_u64 << half) - 1;
    let key = splitmix64(splitmix64(seed) ^ who);
    let mut place = at;
    loop {
        let (mut left, mut right) = (place >> half, place & mask);
        for round in 0..4 {
            let mixed = splitmix64(key ^ splitmix64((right << 3) | round)) & mask;
            (left, right) = (right, left ^ mixed);
        }
        place = (left << half) | right;
        if place < count {
            return place;
        }
    }
}

/// Coordinate `dimension` (below 256) of point `index` (below 65,536) of a Sobol sequence with Owen scrambling, in (0, 1).
pub fn sobol(index: u32, dimension: u32, seed: u64) -> f64 {
    let seed = splitmix64(seed) as u32;
    // The 24 bits of a single, moved to the middle of their cells.
    f64::from(sobol_burley::sample(index, dimension, seed)) + maths::powi(2.0, -25)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_question_has_the_same_answer() {
        let a = Chance::of(1, 7);
        assert_eq!(
            a.uniform(Purpose::RunLuck, 3, 2),
            a.uniform(Purpose::RunLuck, 3, 2)
        );
        assert_ne!(
            a.uniform(Purpose::RunLuck, 3, 2),
            a.uniform(Purpose::RunLuck, 3, 3)
        );
        assert_ne!(
            a.uniform(Purpose::RunLuck, 3, 2),
            a.uniform(Purpose::RunLength, 3, 2)
        );
        assert_ne!(
            a.uniform(Purpose::RunLuck, 3, 2),
            Chance::of(1, 8).uniform(Purpose::RunLuck, 3, 2)
        );
    }

    #[test]
    fn a_permutation_uses_every_place_once() {
        for count in [1, 2, 7, 64, 1000] {
            let mut places: Vec<u64> = (0..count).map(|at| permuted(3, 9, at, count)).collect();
            assert!(count < 64 || places != (0..count).collect::<Vec<_>>());
            places.sort_unstable();
            assert_eq!(places, (0..count).collect::<Vec<_>>());
        }
    }

    #[test]
    fn sobol_points_fill_every_cell_of_a_square_once() {
        for (a, b) in [(0, 1), (3, 100)] {
            let mut cells = [0; 256];
            for i in 0..256 {
                let cell = |d| (sobol(i, d, 5) * 16.0) as usize;
                cells[cell(a) * 16 + cell(b)] += 1;
            }
            let full = cells.iter().filter(|c| **c > 0).count();
            assert!(full > 200, "{full} of 256 cells in dimensions {a} and {b}");
        }
    }

    #[test]
    fn moments_are_those_of_the_distributions() {
        let n = 40_000_u64;
        let mean = |f: &dyn Fn(u64) -> f64| (0..n).map(f).sum::<f64>() / n as f64;
        let c = Chance::of(5, 5);
        assert!((mean(&|i| c.uniform(Purpose::RunLuck, 1, i)) - 0.5).abs() < 0.01);
        assert!(mean(&|i| c.normal(Purpose::RunLuck, 1, i)).abs() < 0.02);
        assert!((mean(&|i| c.normal(Purpose::RunLuck, 1, i).powi(2)) - 1.0).abs() < 0.03);
        assert!((mean(&|i| c.exponential(Purpose::RunLuck, 1, i)) - 1.0).abs() < 0.02);
        assert!((mean(&|i| c.gamma_of_mean_one(Purpose::RunLuck, 1, i, 4.0)) - 1.0).abs() < 0.02);
    }
}
