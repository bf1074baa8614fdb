//! The estimators of the program on samples of one's own: what other libraries can be held against.

use chokepoint::analysis::morris::{Trajectory, screen};
use chokepoint::analysis::prim::discover;
use chokepoint::analysis::sobol::indices;
use chokepoint::foundation::chance::{Chance, Purpose};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

fn refused(why: impl std::fmt::Display) -> PyErr {
    PyValueError::new_err(why.to_string())
}

/// Draw `k` of numbers in (0, 1), by the seed alone.
fn draws(seed: u64) -> impl Fn(u64) -> f64 {
    let chance = Chance::of(seed, u64::MAX);
    move |k| chance.uniform(Purpose::Bootstrap, 0, k)
}

/// For each factor: first index, its error, total index, its error.
#[pyfunction]
#[pyo3(signature = (a, b, ab, *, resamples=100, seed=1))]
pub fn sobol_indices(
    a: Vec<f64>,
    b: Vec<f64>,
    ab: Vec<Vec<f64>>,
    resamples: usize,
    seed: u64,
) -> PyResult<Vec<(f64, f64, f64, f64)>> {
    let found = indices(&a, &b, &ab, resamples, &draws(seed)).map_err(refused)?;
    let row = |i: &chokepoint::analysis::sobol::SobolIndices| {
        (i.first.value, i.first.error, i.total.value, i.total.error)
    };
    Ok(found.iter().map(row).collect())
}

/// For each factor: mu, mu star, sigma, from the points of trajectories and the answers at them.
#[pyfunction]
pub fn morris_screen(
    points: Vec<Vec<Vec<f64>>>,
    answers: Vec<Vec<f64>>,
) -> PyResult<Vec<(f64, f64, f64)>> {
    let factors = points.first().and_then(|t| t.first()).map_or(0, Vec::len);
    let trajectories = points
        .iter()
        .map(|along| trajectory(along, factors))
        .collect::<PyResult<Vec<_>>>()?;
    let found = screen(factors, &trajectories, &answers).map_err(refused)?;
    Ok(found
        .iter()
        .map(|s| (s.mu.value, s.mu_star.value, s.sigma))
        .collect())
}

/// Points, each of which differs from the last in one factor, as start and steps.
fn trajectory(points: &[Vec<f64>], factors: usize) -> PyResult<Trajectory> {
    let mut steps = Vec::new();
    for pair in points.windows(2) {
        let moved: Vec<usize> = (0..factors)
            .filter(|i| pair[0][*i] != pair[1][*i])
            .collect();
        let [factor] = moved[..] else {
            let message = format!(
                "found {} factors that move in a step, expected one",
                moved.len()
            );
            return Err(refused(message));
        };
        steps.push((factor, pair[1][factor] - pair[0][factor]));
    }
    Ok(Trajectory {
        start: points.first().cloned().unwrap_or_default(),
        steps,
    })
}

/// Which of so many rows [`prim_boxes`] finds boxes on; it scores them on the others.
#[pyfunction]
#[pyo3(signature = (rows, *, seed=1))]
pub fn prim_training(rows: u64, seed: u64) -> Vec<bool> {
    let uniform = draws(seed);
    (0..rows).map(|r| uniform(r) < 0.5).collect()
}

type Limits = Vec<(usize, Option<f64>, Option<f64>)>;
type Boxed = (Limits, Vec<f64>, Vec<f64>);

/// Boxes: limits of factors, then support, coverage and density in training, and rows, coverage, density and base held out.
#[pyfunction]
#[pyo3(signature = (x, hit, *, boxes=1, resamples=0, seed=1))]
pub fn prim_boxes(
    x: Vec<Vec<f64>>,
    hit: Vec<bool>,
    boxes: usize,
    resamples: usize,
    seed: u64,
) -> PyResult<Vec<Boxed>> {
    let found = discover(&x, &hit, boxes, resamples, &draws(seed)).map_err(refused)?;
    let one = |b: &chokepoint::analysis::prim::ScenarioBox| {
        let limits = b.limits.iter().map(|l| (l.factor, l.low, l.high));
        let (t, h) = (&b.training, &b.held_out);
        (
            limits.collect(),
            vec![t.support, t.coverage, t.density],
            vec![h.rows as f64, h.coverage, h.density, h.base],
        )
    };
    Ok(found.iter().map(one).collect())
}
