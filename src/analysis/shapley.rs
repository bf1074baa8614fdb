//! Shapley values: the average contribution of each of several causes over all orders of adding them.

use super::{Estimate, EstimatorError, finite};

/// Exact values from the worth of every set of players; a set is a number whose bit `i` says that player `i` is in.
///
/// ```text
/// value[i] = sum over sets S without i of  |S|! (n - |S| - 1)! / n!  *  (worth[S and i] - worth[S])
/// ```
///
/// They add up to `worth[all] - worth[none]`. Shapley (1953), <https://doi.org/10.1515/9781400881970-018>.
///
/// # Errors
/// When there is not one number for each of the `2^n` sets, or one is not finite.
pub fn exact(players: usize, worth: &[f64]) -> Result<Vec<f64>, EstimatorError> {
    if players > 20 || worth.len() != 1 << players {
        return Err(EstimatorError(format!(
            "{players} players have 2^{players} sets; found the worth of {}",
            worth.len()
        )));
    }
    finite("worth of sets of channels", worth)?;
    // |S|! (n - |S| - 1)! / n! = 1 / (n * choose(n - 1, |S|))
    let mut choose = 1.0;
    let weight: Vec<f64> = (0..players)
        .map(|size| {
            let w = 1.0 / (players as f64 * choose);
            choose *= (players - 1 - size) as f64 / (size + 1) as f64;
            w
        })
        .collect();
    let add = |i: usize| -> f64 {
        (0..worth.len())
            .filter(|set| set & (1 << i) == 0)
            .map(|set| weight[set.count_ones() as usize] * (worth[set | 1 << i] - worth[set]))
            .sum()
    };
    Ok((0..players).map(add).collect())
}

/// What each player adds when they come in this order; the values add up to `worth(all) - worth(none)`.
pub fn along(order: &[usize], worth: &mut dyn FnMut(u64) -> f64) -> Vec<f64> {
    let mut adds = vec![0.0; order.len()];
    let mut set = 0;
    let mut before = worth(set);
    for &player in order {
        set |= 1 << player;
        let now = worth(set);
        adds[player] = now - before;
        before = now;
    }
    adds
}

/// A shuffled order and its mirror image: what comes early in one comes late in the other, so that their mean varies less
/// (Mitchell and others 2022, <https://jmlr.org/papers/v23/21-0439.html>). `uniform(k)` is draw `k` of numbers in (0, 1).
pub fn antithetic_pair(players: usize, uniform: &dyn Fn(u64) -> f64) -> [Vec<usize>; 2] {
    let mut order: Vec<usize> = (0..players).collect();
    for last in (1..players).rev() {
        let with = (uniform(last as u64) * (last + 1) as f64) as usize;
        order.swap(last, with.min(last));
    }
    let mirror = order.iter().rev().copied().collect();
    [order, mirror]
}

/// Values of players from what they add along pairs of orders; the error is that between pairs.
///
/// # Errors
/// When a number is not finite, or there is no pair.
pub fn sampled(pairs: &[[Vec<f64>; 2]]) -> Result<Vec<Estimate>, EstimatorError> {
    let Some(players) = pairs.first().map(|[a, _]| a.len()) else {
        return Err(EstimatorError("no pair of orders was tried".into()));
    };
    (0..players)
        .map(|player| {
            let means: Vec<f64> = pairs
                .iter()
                .map(|[a, b]| (a[player] + b[player]) / 2.0)
                .collect();
            finite("what a channel adds along an order", &means)?;
            Ok(Estimate::of(&means))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::uniform;
    use super::*;

    /// The glove game: players 0 and 1 hold left gloves, player 2 the right one.
    fn gloves(set: usize) -> f64 {
        f64::from(u8::from(set & 4 != 0 && set & 3 != 0))
    }

    #[test]
    fn the_glove_game_by_hand() {
        let worth: Vec<f64> = (0..8).map(gloves).collect();
        let values = exact(3, &worth).unwrap();
        for (found, known) in values.iter().zip([1.0 / 6.0, 1.0 / 6.0, 4.0 / 6.0]) {
            assert!((found - known).abs() < 1e-12);
        }
    }

    #[test]
    fn values_add_up_to_the_total_to_rounding() {
        let worth: Vec<f64> = (0..128)
            .map(|s| ((s * s % 37) as f64).sin() * 1e6)
            .collect();
        let values = exact(7, &worth).unwrap();
        let total = worth[127] - worth[0];
        assert!((values.iter().sum::<f64>() - total).abs() < 1e-12 * 1e6 * 7.0);
    }

    #[test]
    fn orders_agree_with_the_exact_values_within_their_error() {
        let pairs: Vec<[Vec<f64>; 2]> = (0..500_u64)
            .map(|n| {
                antithetic_pair(3, &|k| uniform(n * 31 + k))
                    .map(|order| along(&order, &mut |set| gloves(set as usize)))
            })
            .collect();
        let values = sampled(&pairs).unwrap();
        assert!((values.iter().map(|v| v.value).sum::<f64>() - 1.0).abs() < 1e-12);
        for (found, known) in values.iter().zip([1.0 / 6.0, 1.0 / 6.0, 4.0 / 6.0]) {
            assert!((found.value - known).abs() < 4.0 * found.error, "{found:?}");
        }
    }

    #[test]
    fn a_worth_that_is_not_a_number_is_refused_with_its_place() {
        let mut worth: Vec<f64> = (0..8).map(gloves).collect();
        worth[5] = f64::NAN;
        let message = exact(3, &worth).unwrap_err().to_string();
        assert!(
            message.contains("1 of 8") && message.contains("number 5"),
            "{message}"
        );
        assert!(exact(3, &worth[..7]).is_err());
    }
}
