//! How certain an effect is, and what its spread comes from: parameters, structure or chance.

use crate::foundation::maths;

/// The difference between two arms in one future: which draw of parameters it has, and which form of the model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FutureDifference {
    pub draw: u64,
    pub form: usize,
    pub difference: f64,
}

/// Parts of the variance of an effect, which add up to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VarianceParts {
    pub parameters: f64,
    pub structure: f64,
    pub chance: f64,
}

/// Divides the variance of an effect; None where fewer than two draws are whole, or where nothing varies.
///
/// ```text
/// chance     = mean over draws of (variance between the futures of one draw)
/// structure  = sum over forms of w (m - mean)^2  -  sum over forms of w (1 - w) v / n
/// parameters = (variance of the means of draws within a form)  -  chance / futures of a draw
/// ```
///
/// `w` is a form's part of the draws, `m` and `v` the mean and the variance of its draws' means, `n` their number. Each part is
/// zero at least. Futures of a draw share parameters and form. A nested analysis of variance: Searle, Casella and McCulloch 1992,
/// Variance Components, chapter 3.
pub fn variance_parts(futures: &[FutureDifference], forms: usize) -> Option<VarianceParts> {
    let draws = whole_draws(futures);
    if draws.len() < 2 {
        return None;
    }
    let total = draws.len() as f64;
    let chance = draws.iter().map(|d| d.variance).sum::<f64>() / total;
    let size = draws.iter().map(|d| d.futures).sum::<f64>() / total;
    let mean = draws.iter().map(|d| d.mean).sum::<f64>() / total;
    let (mut between, mut noise, mut within, mut freedom) = (0.0, 0.0, 0.0, 0.0);
    for form in 0..forms.max(1) {
        let mine = || draws.iter().filter(|d| d.form == form).map(|d| d.mean);
        let n = mine().count() as f64;
        if n == 0.0 {
            continue;
        }
        let m = mine().sum::<f64>() / n;
        let squares = mine().map(|v| maths::square(v - m)).sum::<f64>();
        let (weight, variance) = (n / total, squares / (n - 1.0).max(1.0));
        between += weight * maths::square(m - mean);
        noise += weight * (1.0 - weight) * variance / n;
        (within, freedom) = (within + squares, freedom + n - 1.0);
    }
    let structure = (between - noise).max(0.0);
    let parameters = (within / freedom.max(1.0) - chance / size).max(0.0);
    let all = chance + structure + parameters;
    (all > 0.0).then(|| VarianceParts {
        parameters: parameters / all,
        structure: structure / all,
        chance: chance / all,
    })
}

/// A draw of parameters and form with at least two futures.
struct WholeDraw {
    form: usize,
    futures: f64,
    mean: f64,
    variance: f64,
}

/// Draws with at least two futures; futures of a draw follow each other.
fn whole_draws(futures: &[FutureDifference]) -> Vec<WholeDraw> {
    futures
        .chunk_by(|a, b| a.draw == b.draw)
        .filter(|chunk| chunk.len() > 1)
        .map(|chunk| {
            let n = chunk.len() as f64;
            let mean = chunk.iter().map(|f| f.difference).sum::<f64>() / n;
            let squares = chunk.iter().map(|f| maths::square(f.difference - mean));
            WholeDraw {
                form: chunk[0].form,
                futures: n,
                mean,
                variance: squares.sum::<f64>() / (n - 1.0),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn futures(of: impl Fn(u64, usize, u64) -> f64) -> Vec<FutureDifference> {
        (0..200)
            .map(|number| {
                let draw = number / 2;
                let form = (draw % 4 == 0) as usize;
                let difference = of(draw, form, number % 2);
                FutureDifference {
                    draw,
                    form,
                    difference,
                }
            })
            .collect()
    }

    #[test]
    fn each_source_of_spread_is_told_apart() {
        let only_chance = futures(|_, _, chance| chance as f64);
        let parts = variance_parts(&only_chance, 2).unwrap();
        assert_eq!((parts.parameters, parts.structure), (0.0, 0.0));
        let only_form = futures(|_, form, _| form as f64);
        assert_eq!(variance_parts(&only_form, 2).unwrap().structure, 1.0);
        let only_draw = futures(|draw, _, _| (draw / 4 % 5) as f64);
        assert!(variance_parts(&only_draw, 2).unwrap().parameters > 0.99);
    }

    #[test]
    fn what_never_varies_has_no_parts() {
        assert!(variance_parts(&futures(|_, _, _| 3.0), 2).is_none());
        let one = FutureDifference {
            draw: 0,
            form: 0,
            difference: 1.0,
        };
        assert!(variance_parts(&[one], 1).is_none());
    }

    #[test]
    fn variances_by_hand() {
        // Form 0: draws with means 0 and 4; form 1: draws with means 8 and 12; each future 1 from the mean of its draw.
        let all: Vec<FutureDifference> = [(0, 0, 0.0), (1, 0, 4.0), (2, 1, 8.0), (3, 1, 12.0)]
            .into_iter()
            .flat_map(|(draw, form, mean)| {
                [mean - 1.0, mean + 1.0].map(|difference| FutureDifference {
                    draw,
                    form,
                    difference,
                })
            })
            .collect();
        // Chance 2; within forms 8 less 2/2; between forms 16 less 2 times 0.25 times 8 over 2.
        let parts = variance_parts(&all, 2).unwrap();
        let total = 2.0 + 7.0 + 14.0;
        assert!((parts.chance - 2.0 / total).abs() < 1e-12);
        assert!((parts.parameters - 7.0 / total).abs() < 1e-12);
        assert!((parts.structure - 14.0 / total).abs() < 1e-12);
    }
}
