//! The random generator gives its published answers, and draws with different keys are uncorrelated.

use chokepoint::foundation::chance::{Chance, Purpose};
use rand_philox::Philox;

/// Known-answer vectors of Philox4x32-10 from the Random123 distribution (`kat_vectors`).
#[test]
fn the_generator_gives_its_published_answers() {
    let block = |key: [u32; 2], counter: [u32; 4]| -> [u32; 4] {
        let wide = counter
            .iter()
            .rev()
            .fold(0_u128, |all, word| (all << 32) | u128::from(*word));
        let mut generator = Philox::new(key, wide);
        let (low, high) = (generator.next_u64(), generator.next_u64());
        [
            low as u32,
            (low >> 32) as u32,
            high as u32,
            (high >> 32) as u32,
        ]
    };
    assert_eq!(
        block([0; 2], [0; 4]),
        [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]
    );
    assert_eq!(
        block([0xffff_ffff; 2], [0xffff_ffff; 4]),
        [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
    );
    assert_eq!(
        block(
            [0xa409_3822, 0x299f_31d0],
            [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344]
        ),
        [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
    );
}

#[test]
fn draws_of_different_agents_futures_ordinals_and_purposes_are_uncorrelated() {
    let chance = Chance::of(7, 3);
    let n = 4000_u64;
    let mean = |f: &dyn Fn(u64) -> f64| (0..n).map(f).sum::<f64>() / n as f64;
    // Covariance of neighbours in each part of the key: noise with a standard error of 1 / (12 sqrt(n)) = 0.0013.
    let by_ordinal = mean(&|i| {
        (chance.uniform(Purpose::RunLuck, 5, i) - 0.5)
            * (chance.uniform(Purpose::RunLuck, 5, i + 1) - 0.5)
    });
    let by_agent = mean(&|i| {
        (chance.uniform(Purpose::RunLuck, i, 0) - 0.5)
            * (chance.uniform(Purpose::RunLuck, i + 1, 0) - 0.5)
    });
    let by_future = mean(&|i| {
        (Chance::of(7, i).uniform(Purpose::RunLuck, 5, 0) - 0.5)
            * (Chance::of(7, i + 1).uniform(Purpose::RunLuck, 5, 0) - 0.5)
    });
    let by_purpose = mean(&|i| {
        (chance.uniform(Purpose::RunLuck, i, 0) - 0.5)
            * (chance.uniform(Purpose::LabSkill, i, 0) - 0.5)
    });
    for correlation in [by_ordinal, by_agent, by_future, by_purpose] {
        assert!(correlation.abs() < 0.006, "{correlation}");
    }
}
