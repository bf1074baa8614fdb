//! Elementary functions whose bits do not depend on the machine.
//!
//! The methods of `f64` call the C library, which picks fused operations where the processor has them, so that the last bit of
//! an exponential differs between processors. Everything that shapes a result calls this module instead: the crate `libm`
//! consists of IEEE additions, multiplications, divisions and square roots alone, which are exact everywhere. `clippy.toml`
//! refuses the methods in `src/`. Decision record: `docs/decisions/0005-portable-maths.md`.

use std::f64::consts::FRAC_1_SQRT_2;

/// `e^x`.
#[inline]
pub fn exp(x: f64) -> f64 {
    libm::exp(x)
}

/// `10^x`.
#[inline]
pub fn exp10(x: f64) -> f64 {
    libm::exp10(x)
}

/// Natural logarithm.
#[inline]
pub fn ln(x: f64) -> f64 {
    libm::log(x)
}

/// Logarithm to base ten.
#[inline]
pub fn log10(x: f64) -> f64 {
    libm::log10(x)
}

/// `base^exponent`, accurate to the last bit but one. It takes five times as long as [`exp`].
#[inline]
pub fn pow(base: f64, exponent: f64) -> f64 {
    libm::pow(base, exponent)
}

/// `base^exponent` of a base above zero, as `exp(exponent * ln(base))`: a third of the time of [`pow`], for what a run asks
/// often. Its relative error grows with `exponent * ln(base)`: some 1e-15 where that is ten. A base of zero gives zero where
/// the exponent is above zero, and NaN where it is zero.
#[inline]
pub fn pow_of_positive(base: f64, exponent: f64) -> f64 {
    exp(exponent * ln(base))
}

/// `base^exponent` by squaring, with one division where the exponent is negative: the same products in every build.
pub fn powi(base: f64, exponent: i32) -> f64 {
    let (mut power, mut square, mut left) = (1.0, base, exponent.unsigned_abs());
    while left > 0 {
        if left & 1 == 1 {
            power *= square;
        }
        square *= square;
        left >>= 1;
    }
    if exponent < 0 { 1.0 / power } else { power }
}

/// `x^2`.
#[inline]
pub fn square(x: f64) -> f64 {
    x * x
}

/// Length of the hypotenuse over two sides.
#[inline]
pub fn hypot(a: f64, b: f64) -> f64 {
    libm::hypot(a, b)
}

/// Sine and cosine of an angle in radians.
#[inline]
pub fn sin_cos(angle: f64) -> (f64, f64) {
    libm::sincos(angle)
}

/// Share of a standard normal distribution that lies below `x`.
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x * FRAC_1_SQRT_2)
}

/// Coefficients of the approximations of [`normal_quantile`], above and below the line: near the centre, further out, and in the
/// tails.
const CENTRE: [[f64; 8]; 2] = [
    [
        3.387_132_872_796_366_5,
        133.141_667_891_784_38,
        1_971.590_950_306_551_3,
        13_731.693_765_509_46,
        45_921.953_931_549_87,
        67_265.770_927_008_7,
        33_430.575_583_588_13,
        2_509.080_928_730_122_7,
    ],
    [
        1.0,
        42.313_330_701_600_91,
        687.187_007_492_057_9,
        5_394.196_021_424_751,
        21_213.794_301_586_597,
        39_307.895_800_092_71,
        28_729.085_735_721_943,
        5_226.495_278_852_545,
    ],
];
const MIDDLE: [[f64; 8]; 2] = [
    [
        1.423_437_110_749_683_5,
        4.630_337_846_156_546,
        5.769_497_221_460_691,
        3.647_848_324_763_204_5,
        1.270_458_252_452_368_4,
        0.241_780_725_177_450_6,
        0.022_723_844_989_269_184,
        7.745_450_142_783_414e-4,
    ],
    [
        1.0,
        2.053_191_626_637_759,
        1.676_384_830_183_803_8,
        0.689_767_334_985_1,
        0.148_103_976_427_480_08,
        0.015_198_666_563_616_457,
        5.475_938_084_995_345e-4,
        1.050_750_071_644_416_9e-9,
    ],
];
const TAIL: [[f64; 8]; 2] = [
    [
        6.657_904_643_501_103,
        5.463_784_911_164_114,
        1.784_826_539_917_291_3,
        0.296_560_571_828_504_87,
        0.026_532_189_526_576_124,
        0.001_242_660_947_388_078_4,
        2.711_555_568_743_487_6e-5,
        2.010_334_399_292_288_1e-7,
    ],
    [
        1.0,
        0.599_832_206_555_888,
        0.136_929_880_922_735_8,
        0.014_875_361_290_850_615,
        7.868_691_311_456_133e-4,
        1.846_318_317_510_054_8e-5,
        1.421_511_758_316_446e-7,
        2.044_263_103_389_939_7e-15,
    ],
];

/// The point of a standard normal distribution below which `share` of it lies; infinite at 0 and 1, NaN beyond them.
///
/// Rational approximations of Wichura 1988, algorithm AS 241 (PPND16), <https://doi.org/10.2307/2347330>; relative error
/// about 1e-16.
pub fn normal_quantile(share: f64) -> f64 {
    let ratio = |[above, below]: &[[f64; 8]; 2], r: f64| {
        let sum = |of: &[f64; 8]| of.iter().rev().fold(0.0, |all, c| all * r + c);
        sum(above) / sum(below)
    };
    let from_centre = share - 0.5;
    if from_centre.abs() <= 0.425 {
        return from_centre * ratio(&CENTRE, 0.180_625 - from_centre * from_centre);
    }
    let tail = if from_centre < 0.0 {
        share
    } else {
        1.0 - share
    };
    let distance = match tail {
        t if t > 0.0 => match (-ln(t)).sqrt() {
            r if r <= 5.0 => ratio(&MIDDLE, r - 1.6),
            r => ratio(&TAIL, r - 5.0),
        },
        0.0 => f64::INFINITY,
        _ => f64::NAN,
    };
    distance.copysign(from_centre)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FNV-1a over the bits of a function at 20,000 arguments between `from` and `to`.
    fn hash(from: f64, to: f64, f: impl Fn(f64) -> f64) -> u64 {
        (0..20_000).fold(0xcbf2_9ce4_8422_2325_u64, |hash, i| {
            let x = from + (to - from) * (f64::from(i) + 0.5) / 20_000.0;
            (hash ^ f(x).to_bits()).wrapping_mul(0x0000_0100_0000_01b3)
        })
    }

    /// The bits that every machine gives. A change of them changes every result.
    #[test]
    fn the_bits_are_the_same_on_every_machine() {
        let found = [
            ("exp", hash(-40.0, 40.0, exp)),
            ("exp10", hash(-12.0, 12.0, exp10)),
            ("ln", hash(0.0, 1e6, ln)),
            ("log10", hash(0.0, 1e6, log10)),
            ("pow", hash(0.0, 1e3, |x| pow(x, 2.5))),
            (
                "pow_of_positive",
                hash(0.0, 1e3, |x| pow_of_positive(x, 2.5)),
            ),
            ("powi", hash(-3.0, 3.0, |x| powi(x, -7))),
            ("hypot", hash(-3.0, 3.0, |x| hypot(x, 1.7))),
            ("sin", hash(-30.0, 30.0, |x| sin_cos(x).0)),
            ("cos", hash(-30.0, 30.0, |x| sin_cos(x).1)),
            ("normal_cdf", hash(-9.0, 9.0, normal_cdf)),
            ("normal_quantile", hash(0.0, 1.0, normal_quantile)),
        ]
        .map(|(name, hash)| format!("{name} {hash:016x}"));
        assert_eq!(found, BITS);
    }

    const BITS: [&str; 12] = [
        "exp 5db58d1ee80abba2",
        "exp10 71402f97c88f251b",
        "ln a3c94d2168cbfa7c",
        "log10 994793f089a31757",
        "pow 70dda2c02e357d48",
        "pow_of_positive 6a09b993008f6088",
        "powi 3713a88776196293",
        "hypot 52420d95040f369a",
        "sin c1ae2554bfa3423e",
        "cos be44923946953db2",
        "normal_cdf 8704887f537069e2",
        "normal_quantile 17d23e19f3dce9f6",
    ];

    #[test]
    fn values_are_those_of_the_functions() {
        let near = |found: f64, right: f64| {
            assert!(
                (found / right - 1.0).abs() < 4e-16,
                "{found:e} for {right:e}"
            );
        };
        near(exp(1.0), std::f64::consts::E);
        near(ln(10.0), std::f64::consts::LN_10);
        near(pow(2.0, 0.5), std::f64::consts::SQRT_2);
        near(pow_of_positive(2.0, 0.5), std::f64::consts::SQRT_2);
        near(hypot(3.0, 4.0), 5.0);
        near(sin_cos(std::f64::consts::FRAC_PI_6).0, 0.5);
        near(powi(10.0, -3), 1e-3);
        for n in -20..=20 {
            assert_eq!(log10(powi(10.0, n)).round(), f64::from(n));
        }
        for n in 0..=15 {
            assert_eq!(log10(powi(10.0, n)), f64::from(n));
            assert_eq!(exp10(f64::from(n)), powi(10.0, n));
        }
        assert_eq!(
            (pow_of_positive(0.0, 2.0), exp(f64::NEG_INFINITY)),
            (0.0, 0.0)
        );
        // From printed tables of the normal distribution.
        near(normal_cdf(1.0), 0.841_344_746_068_542_9);
        // Far out, half a unit in the last place of the argument is x^2 of the result's.
        assert!((normal_cdf(-5.0) / 2.866_515_718_791_939_6e-7 - 1.0).abs() < 3e-15);
        near(normal_quantile(0.975), 1.959_963_984_540_054);
        near(normal_quantile(1e-10), -6.361_340_902_404_056);
        near(normal_quantile(1e-20), -9.262_340_089_798_409);
    }

    #[test]
    fn a_quantile_is_the_inverse_of_the_share_below() {
        for i in 1..2000 {
            let share = f64::from(i) / 2000.0;
            let back = normal_cdf(normal_quantile(share));
            assert!((back / share - 1.0).abs() < 3e-15, "{share} {back}");
        }
        assert_eq!(normal_quantile(0.0), f64::NEG_INFINITY);
        assert_eq!(normal_quantile(1.0), f64::INFINITY);
        assert_eq!(normal_quantile(0.5), 0.0);
        assert!(normal_quantile(-0.1).is_nan() && normal_quantile(f64::NAN).is_nan());
    }
}
