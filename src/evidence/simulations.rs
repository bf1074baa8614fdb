//! The bank of simulated history that a calibration fits, in blocks that an interrupted calibration resumes from.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::hindcast::{Hindcast, future_with};
use crate::results::{ResultsError, io};
use crate::study::kept_runs::{read, write};

/// One run to make: its future's number and the scores of its parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainingDraw {
    pub number: u32,
    pub scores: Vec<f64>,
}

/// Runs a block.
const BLOCK: usize = 25;

/// Runs every draw and reads it at every point, in order. Finished blocks in `folder` are not run again. `key` identifies the
/// inputs: a block with another key is run again. Returns None when it was stopped.
///
/// # Errors
/// When a block cannot be written.
pub fn simulate(
    hindcast: &Hindcast,
    draws: &[TrainingDraw],
    folder: &Path,
    key: &str,
    done: &(dyn Fn(u64) + Sync),
    stop: &AtomicBool,
) -> Result<Option<Vec<Vec<f64>>>, ResultsError> {
    fs::create_dir_all(folder).map_err(|e| io(folder, e))?;
    let blocks: Vec<&[TrainingDraw]> = draws.chunks(BLOCK).collect();
    let found: Vec<Option<Vec<Vec<f64>>>> = blocks
        .into_par_iter()
        .enumerate()
        .map_init(
            || None,
            |worker, (at, block)| {
                let path = folder.join(format!("block-{at:05}.csv"));
                let head = format!("{key} {}", digest(block));
                if let Some(points) = read(&path, &head, block.len(), hindcast.asked.len()) {
                    done(block.len() as u64);
                    return Ok(Some(points));
                }
                let worker = worker.get_or_insert_with(|| hindcast.worker());
                let mut points = Vec::with_capacity(block.len());
                for draw in block {
                    if stop.load(Ordering::Relaxed) {
                        return Ok(None);
                    }
                    let future = future_with(&hindcast.plan, draw.number, &draw.scores);
                    points.push(hindcast.run(worker, 0, &future));
                    done(1);
                }
                write(&path, &head, &points)?;
                Ok(Some(points))
            },
        )
        .collect::<Result<_, ResultsError>>()?;
    Ok(found
        .into_iter()
        .collect::<Option<Vec<_>>>()
        .map(|blocks| blocks.concat()))
}

/// What a block was asked for, as a number that changes with every score.
fn digest(block: &[TrainingDraw]) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut take = |word: u64| {
        hash = (hash ^ word).wrapping_mul(0x0000_0100_0000_01b3);
        hash ^= hash >> 29;
    };
    for draw in block {
        take(u64::from(draw.number));
        draw.scores.iter().for_each(|z| take(z.to_bits()));
    }
    format!("{hash:016x}")
}
