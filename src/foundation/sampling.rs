//! Draws from the normal, exponential and gamma distributions from words of random bits, identical on every machine.
//!
//! Normal and exponential numbers come by the ziggurat of Marsaglia and Tsang 2000, <https://doi.org/10.18637/jss.v005.i08>,
//! with 256 layers of equal area, in the form of Doornik 2005; gamma numbers by Marsaglia and Tsang 2000,
//! <https://doi.org/10.1145/358407.358414>. Crates that draw them take their functions from the C library in a program that
//! also links the Arrow crates.

use std::sync::LazyLock;

use super::maths;

const LAYERS: usize = 256;

/// A decreasing density cut into layers of equal area: right edge of each layer, the lowest first, and the density there.
struct Ziggurat {
    edge: [f64; LAYERS + 1],
    height: [f64; LAYERS + 1],
    density: fn(f64) -> f64,
    /// Start of the tail.
    tail: f64,
}

impl Ziggurat {
    /// `area` is that of every layer: of the lowest with its tail.
    fn new(tail: f64, area: f64, density: fn(f64) -> f64, inverse: fn(f64) -> f64) -> Self {
        let mut edge = [0.0; LAYERS + 1];
        // The lowest layer is as wide as a box of its area would be.
        edge[0] = area / density(tail);
        edge[1] = tail;
        for i in 2..LAYERS {
            edge[i] = inverse(area / edge[i - 1] + density(edge[i - 1]));
        }
        Self {
            edge,
            height: edge.map(density),
            density,
            tail,
        }
    }

    /// A draw, given what turns a word into a place in the widest layer (in units of its width) and what draws from the tail.
    fn draw<B: FnMut() -> u64>(
        &self,
        bits: &mut B,
        place: fn(u64) -> f64,
        from_tail: fn(&Self, &mut B, f64) -> f64,
    ) -> f64 {
        loop {
            let word = bits();
            let layer = (word & 0xff) as usize;
            let place = place(word >> 12);
            let x = place * self.edge[layer];
            if x.abs() < self.edge[layer + 1] {
                return x;
            }
            if layer == 0 {
                return from_tail(self, bits, place);
            }
            let (low, high) = (self.height[layer], self.height[layer + 1]);
            if high + (low - high) * half_open_unit(bits()) < (self.density)(x) {
                return x;
            }
        }
    }
}

/// A judgement as a range: a triangular distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Triangular {
    pub low: f64,
    pub mode: f64,
    pub high: f64,
}

impl Triangular {
    /// The value below which a share `u` of the distribution lies; `mode` where the range is empty.
    pub fn quantile(self, u: f64) -> f64 {
        let Self { low, mode, high } = self;
        if high <= low {
            return mode;
        }
        let split = (mode - low) / (high - low);
        if u < split {
            low + (u * (high - low) * (mode - low)).sqrt()
        } else {
            high - ((1.0 - u) * (high - low) * (high - mode)).sqrt()
        }
    }
}

/// The upper 53 bits of a word as a number in [0, 1).
fn half_open_unit(word: u64) -> f64 {
    (word >> 11) as f64 / (1_u64 << 53) as f64
}

/// The upper 52 bits of a word as a number in (0, 1).
pub fn open_unit(word: u64) -> f64 {
    ((word >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
}

/// Layers of the normal density `exp(-x^2 / 2)`; tail and area as Doornik 2005 gives them for 256 layers.
static NORMAL: LazyLock<Ziggurat> = LazyLock::new(|| {
    let density = |x: f64| maths::exp(-x * x / 2.0);
    let (tail, area) = (3.654_152_885_361_009, 0.004_928_673_233_99);
    Ziggurat::new(tail, area, density, |y| (-2.0 * maths::ln(y)).sqrt())
});

/// Layers of the exponential density; beyond `tail` lies `exp(-tail)`, so that the lowest holds `(tail + 1) * exp(-tail)`.
static EXPONENTIAL: LazyLock<Ziggurat> = LazyLock::new(|| {
    let density = |x: f64| maths::exp(-x);
    let tail: f64 = 7.697_117_470_131_05;
    Ziggurat::new(tail, (tail + 1.0) * density(tail), density, |y| {
        -maths::ln(y)
    })
});

/// A standard normal number.
pub fn normal(bits: &mut impl FnMut() -> u64) -> f64 {
    NORMAL.draw(
        bits,
        |word| word as f64 / (1_u64 << 51) as f64 - 1.0,
        |ziggurat, bits, place| {
            // Marsaglia 1964: an exponential number, accepted with the correct probability.
            loop {
                let further = -maths::ln(open_unit(bits())) / ziggurat.tail;
                let kept = -maths::ln(open_unit(bits()));
                if 2.0 * kept >= further * further {
                    return (ziggurat.tail + further).copysign(place);
                }
            }
        },
    )
}

/// A unit exponential number.
pub fn exponential(bits: &mut impl FnMut() -> u64) -> f64 {
    EXPONENTIAL.draw(
        bits,
        |word| (word as f64 + 0.5) / (1_u64 << 52) as f64,
        |ziggurat, bits, _| ziggurat.tail - maths::ln(open_unit(bits())),
    )
}

/// A gamma number of this shape (above zero) and scale 1.
pub fn gamma(shape: f64, bits: &mut impl FnMut() -> u64) -> f64 {
    if shape == 1.0 {
        return exponential(bits);
    }
    // A shape below one is drawn with the shape plus one, times a power of a uniform number.
    let (above, down) = if shape < 1.0 {
        let uniform = open_unit(bits());
        (shape + 1.0, maths::pow(uniform, 1.0 / shape))
    } else {
        (shape, 1.0)
    };
    let d = above - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = normal(bits);
        let root = 1.0 + c * x;
        if root <= 0.0 {
            continue;
        }
        let v = root * root * root;
        let uniform = open_unit(bits());
        let squared = x * x;
        let surely = uniform < 1.0 - 0.0331 * squared * squared;
        if surely || maths::ln(uniform) < 0.5 * squared + d * (1.0 - v + maths::ln(v)) {
            return d * v * down;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foundation::chance::stable_key;

    /// Words of a counter, well mixed.
    fn words() -> impl FnMut() -> u64 {
        let mut n = 0_u64;
        move || {
            n += 1;
            let mut z = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ stable_key("words");
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        }
    }

    /// Largest distance between the shares below a point, drawn and by the distribution, in standard errors of a half.
    fn distance(mut draws: Vec<f64>, cdf: impl Fn(f64) -> f64) -> f64 {
        draws.sort_by(f64::total_cmp);
        let n = draws.len() as f64;
        let worst = draws
            .iter()
            .enumerate()
            .map(|(i, x)| ((i as f64 + 0.5) / n - cdf(*x)).abs())
            .fold(0.0, f64::max);
        worst * n.sqrt()
    }

    #[test]
    fn draws_follow_their_distributions() {
        let n = 200_000;
        let mut bits = words();
        let normals: Vec<f64> = (0..n).map(|_| normal(&mut bits)).collect();
        // The tails are reached, on both sides, as often as they should be: 2 x 1.29e-4 of all.
        let far = normals.iter().filter(|x| x.abs() > 3.654_152_885_361_009);
        let (below, above): (Vec<f64>, Vec<f64>) = far.partition(|x| **x < 0.0);
        assert!((10..45).contains(&below.len()) && (10..45).contains(&above.len()));
        // Kolmogorov's statistic: above 1.95 once in a thousand samples.
        assert!(distance(normals, maths::normal_cdf) < 1.95);
        let exponentials: Vec<f64> = (0..n).map(|_| exponential(&mut bits)).collect();
        let far = exponentials.iter().filter(|x| **x > 7.697_117).count();
        assert!((55..130).contains(&far), "{far}");
        assert!(distance(exponentials, |x| 1.0 - maths::exp(-x)) < 1.95);
        // Shapes 2 and 1/2 have closed forms.
        let twos = (0..n).map(|_| gamma(2.0, &mut bits)).collect();
        assert!(distance(twos, |x| 1.0 - (1.0 + x) * maths::exp(-x)) < 1.95);
        let halves = (0..n).map(|_| gamma(0.5, &mut bits)).collect();
        let chi = |x: f64| 2.0 * maths::normal_cdf((2.0 * x).sqrt()) - 1.0;
        assert!(distance(halves, chi) < 1.95);
        let ones = (0..n).map(|_| gamma(1.0, &mut bits)).collect();
        assert!(distance(ones, |x| 1.0 - maths::exp(-x)) < 1.95);
    }

    #[test]
    fn layers_have_equal_areas_and_meet_at_the_top() {
        for (z, beyond) in [
            (
                &*NORMAL,
                (2.0 * std::f64::consts::PI).sqrt() * maths::normal_cdf(-NORMAL.tail),
            ),
            (&*EXPONENTIAL, maths::exp(-EXPONENTIAL.tail)),
        ] {
            let area = z.tail * z.height[1] + beyond;
            assert!((z.edge[0] * z.height[1] / area - 1.0).abs() < 1e-10);
            for i in 1..LAYERS {
                let layer = z.edge[i] * (z.height[i + 1] - z.height[i]);
                assert!((layer / area - 1.0).abs() < 1e-8, "{i}: {layer} of {area}");
            }
        }
    }
}
