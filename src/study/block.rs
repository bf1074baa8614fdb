//! Runs one block of a plan into one file, and reads such files column by column.
//!
//! A file holds chunks of 32 futures, arm after arm. A chunk stores the numbers of its runs by column. Each series follows:
//! first which months differ between futures, then for each month the values, or the one value that all futures share. The
//! last lines hold the index and a checksum over everything before them. A writer therefore holds one chunk of one arm in
//! memory, and a reader a few months of one column.

use std::fs::{self, File};
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use super::ensemble::RunStore;
use super::layout::RunRecordLayout;
use super::run::{RunNarrative, RunRecord, RunRequest, TIMELINES, one_run};
use super::{Plan, Worker};
use crate::foundation::policy_path::PolicyChange;
use crate::results::files::AtomicFile;
use crate::results::{ResultsError, io};

/// Futures of a chunk: what a worker holds before it writes.
const CHUNK: u32 = 32;
const MAGIC: &[u8; 8] = b"chokepb2";
/// Place of the tail, checksum, magic.
const END: u64 = 24;

/// The index at the end of a block: its plan, the places of its parts, and the events and failures of its runs.
#[derive(Serialize, Deserialize)]
struct BlockFooter {
    /// Hash of the plan that it belongs to.
    plan: String,
    first: u32,
    count: u32,
    arms: usize,
    numbers: usize,
    columns: usize,
    months: usize,
    /// For each chunk and arm: where its numbers begin, and each of its series.
    starts: Vec<u64>,
    told: Vec<RunNarrative>,
}

/// The file of a block.
pub fn path(folder: &Path, number: u32) -> PathBuf {
    folder.join(format!("block-{number:04}.runs"))
}

/// One block to run and to write.
pub struct BlockRequest<'a> {
    pub plan: &'a Plan,
    pub layout: &'a RunRecordLayout,
    /// Hash of the plan.
    pub hash: &'a str,
    pub futures: Range<u32>,
    pub path: &'a Path,
    /// Called after each run.
    pub done: &'a (dyn Fn() + Sync),
    pub stop: &'a AtomicBool,
}

/// Runs a block and writes its file atomically. Returns false when stopped.
///
/// # Errors
/// When the file cannot be written; no file is left then.
pub fn write(block: &BlockRequest<'_>, worker: &mut Worker) -> Result<bool, ResultsError> {
    let path = block.path;
    let whole = AtomicFile::create(path).map_err(|e| io(path, e))?;
    match write_to(block, worker, whole).map_err(|e| io(path, e))? {
        Some(whole) => whole.finish().map_err(|e| io(path, e)).map(|()| true),
        None => Ok(false),
    }
}

fn write_to(
    block: &BlockRequest<'_>,
    worker: &mut Worker,
    file: AtomicFile,
) -> std::io::Result<Option<AtomicFile>> {
    let BlockRequest {
        plan,
        layout,
        futures,
        ..
    } = block;
    let mut out = CountingWriter {
        to: BufWriter::with_capacity(1 << 18, file),
        at: 0,
        sum: crc32fast::Hasher::new(),
    };
    out.bytes(MAGIC)?;
    let mut tail = BlockFooter {
        plan: block.hash.to_string(),
        first: futures.start,
        count: futures.end - futures.start,
        arms: plan.regimes.len(),
        numbers: layout.numbers(),
        columns: layout.columns.len(),
        months: layout.months,
        starts: Vec::new(),
        told: Vec::new(),
    };
    let mut records: Vec<RunRecord> = Vec::new();
    for from in futures.clone().step_by(CHUNK as usize) {
        let numbers = from..(from + CHUNK).min(futures.end);
        if !write_chunks(block, worker, numbers, &mut records, &mut out, &mut tail)? {
            return Ok(None);
        }
    }
    let at = out.at;
    out.bytes(&serde_json::to_vec(&tail)?)?;
    out.bytes(&at.to_le_bytes())?;
    let sum = u64::from(out.sum.clone().finalize());
    out.bytes(&sum.to_le_bytes())?;
    out.bytes(MAGIC)?;
    let whole = out.to.into_inner().map_err(|e| e.into_error())?;
    Ok(Some(whole))
}

/// Runs a chunk of futures in every arm and writes it, arm after arm. Returns false when stopped.
fn write_chunks(
    block: &BlockRequest<'_>,
    worker: &mut Worker,
    numbers: Range<u32>,
    records: &mut Vec<RunRecord>,
    out: &mut CountingWriter,
    tail: &mut BlockFooter,
) -> std::io::Result<bool> {
    let BlockRequest { plan, layout, .. } = block;
    records.resize_with(numbers.len(), RunRecord::default);
    let draws: Vec<_> = numbers.clone().map(|n| plan.draw(n)).collect();
    let mut starts: Vec<Vec<u64>> = vec![Vec::new(); plan.regimes.len()];
    let mut tapes: Vec<Arc<[PolicyChange]>> = Vec::new();
    for arm in plan.order() {
        for (at, (record, run)) in records.iter_mut().zip(numbers.clone()).enumerate() {
            if block.stop.load(Ordering::Relaxed) {
                return Ok(false);
            }
            let request = RunRequest {
                arm,
                run,
                draw: &draws[at],
                baseline_path: tapes.get(at),
                keep_events: run < TIMELINES,
            };
            one_run(plan, layout, worker, &request, record);
            tail.told.extend(record.told.take());
            (block.done)();
        }
        if tapes.is_empty() {
            let of_baseline = records.iter().map(|r| Arc::from(r.tape.as_slice()));
            tapes.extend(of_baseline);
        }
        write_chunk(layout, records, out, &mut starts[arm])?;
    }
    tail.starts.extend(starts.into_iter().flatten());
    Ok(true)
}

struct CountingWriter {
    to: BufWriter<AtomicFile>,
    at: u64,
    sum: crc32fast::Hasher,
}

impl CountingWriter {
    fn bytes(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.at += bytes.len() as u64;
        self.sum.update(bytes);
        self.to.write_all(bytes)
    }
}

/// Writes the runs of one arm, stored by column.
fn write_chunk(
    layout: &RunRecordLayout,
    records: &[RunRecord],
    out: &mut CountingWriter,
    starts: &mut Vec<u64>,
) -> std::io::Result<()> {
    starts.push(out.at);
    let mut bytes = Vec::with_capacity(records.len() * 8 * layout.months);
    for at in 0..layout.numbers() {
        for r in records {
            bytes.extend_from_slice(&r.numbers[at].to_le_bytes());
        }
    }
    out.bytes(&bytes)?;
    for column in 0..layout.columns.len() {
        starts.push(out.at);
        let mut differs = vec![0_u8; layout.months.div_ceil(8)];
        bytes.clear();
        let series = column * layout.months..(column + 1) * layout.months;
        let first = &records[0].series[series.clone()];
        for (t, shared) in first.iter().enumerate() {
            let at = series.start + t;
            let same = |r: &RunRecord| r.series[at].to_bits() == shared.to_bits();
            if records.iter().all(same) {
                bytes.extend_from_slice(&shared.to_le_bytes());
            } else {
                differs[t / 8] |= 1 << (t % 8);
                for r in records {
                    bytes.extend_from_slice(&r.series[at].to_le_bytes());
                }
            }
        }
        out.bytes(&differs)?;
        out.bytes(&bytes)?;
    }
    Ok(())
}

/// One block that is open.
struct OpenBlock {
    path: PathBuf,
    file: File,
    tail: BlockFooter,
    /// Where the tail begins: everything before it is chunks.
    end: u64,
}

impl OpenBlock {
    fn read(path: PathBuf) -> Result<Self, ResultsError> {
        let broken = "is not a whole block; remove it and run the block again";
        // Opening a named pipe would block.
        if !fs::metadata(&path).map_err(|e| io(&path, e))?.is_file() {
            return Err(io(&path, broken));
        }
        let mut file = File::open(&path).map_err(|e| io(&path, e))?;
        let length = file.seek(SeekFrom::End(0)).map_err(|e| io(&path, e))?;
        if length < END {
            return Err(io(&path, broken));
        }
        let word = |from: u64| -> Result<[u8; 8], ResultsError> {
            let mut eight = [0; 8];
            let read = file.read_exact_at(&mut eight, from);
            read.map(|()| eight).map_err(|e| io(&path, e))
        };
        let at = u64::from_le_bytes(word(length - END)?);
        let sum = u64::from_le_bytes(word(length - 16)?);
        if word(length - 8)? != *MAGIC || at > length - END {
            return Err(io(&path, broken));
        }
        // A corrupted file would change results without an error.
        if sum != u64::from(checksum(&file, length - 16).map_err(|e| io(&path, e))?) {
            return Err(io(&path, broken));
        }
        let mut text = Vec::new();
        file.seek(SeekFrom::Start(at))
            .and_then(|_| (&file).take(length - END - at).read_to_end(&mut text))
            .map_err(|e| io(&path, e))?;
        let tail: BlockFooter = serde_json::from_slice(&text).map_err(|_| io(&path, broken))?;
        Ok(Self {
            path,
            file,
            tail,
            end: at,
        })
    }

    /// Whether its parts are where a block of this layout has them, and its runs are its own. A checksum says that a file is
    /// as it was written; this, that a block was written.
    fn fits(&self, layout: &RunRecordLayout) -> bool {
        let t = &self.tail;
        let shape = (t.arms, t.numbers, t.columns, t.months);
        let asked = (
            layout.arms,
            layout.numbers(),
            layout.columns.len(),
            layout.months,
        );
        let Some(last) = t.first.checked_add(t.count).filter(|_| t.count > 0) else {
            return false;
        };
        let parts = 1 + t.columns;
        if shape != asked || t.starts.len() != self.chunks() * t.arms * parts {
            return false;
        }
        let inside = |(at, start): (usize, &u64)| {
            let futures = self.chunk(at / parts / t.arms).len();
            let least = match at % parts {
                0 => futures * t.numbers * 8,
                _ => t.months.div_ceil(8),
            };
            let end = start.checked_add(least as u64);
            *start >= MAGIC.len() as u64 && end.is_some_and(|end| end <= self.end)
        };
        let own = |told: &RunNarrative| told.arm < t.arms && (t.first..last).contains(&told.run);
        t.starts.iter().enumerate().all(inside) && t.told.iter().all(own)
    }

    /// A part of a chunk, which a file that was not written by a run can have beyond its end.
    fn bytes(&self, from: u64, into: &mut [u8]) -> Result<(), ResultsError> {
        if from.saturating_add(into.len() as u64) > self.end {
            return Err(io(&self.path, "holds less than its parts say"));
        }
        self.file
            .read_exact_at(into, from)
            .map_err(|e| io(&self.path, e))
    }

    fn numbers(&self, from: u64, count: usize, into: &mut Vec<f64>) -> Result<(), ResultsError> {
        let mut bytes = vec![0; count * 8];
        self.bytes(from, &mut bytes)?;
        into.extend(bytes.chunks_exact(8).map(|b| {
            let mut eight = [0; 8];
            eight.copy_from_slice(b);
            f64::from_le_bytes(eight)
        }));
        Ok(())
    }

    /// Futures of a chunk, as places in the block.
    fn chunk(&self, chunk: usize) -> Range<usize> {
        let from = chunk * CHUNK as usize;
        from..(from + CHUNK as usize).min(self.tail.count as usize)
    }

    fn chunks(&self) -> usize {
        (self.tail.count as usize).div_ceil(CHUNK as usize)
    }

    fn start(&self, chunk: usize, arm: usize, part: usize) -> u64 {
        let parts = 1 + self.tail.columns;
        self.tail.starts[(chunk * self.tail.arms + arm) * parts + part]
    }
}

/// CRC-32 of the first bytes of a file.
fn checksum(file: &File, length: u64) -> std::io::Result<u32> {
    let mut sum = crc32fast::Hasher::new();
    let mut bytes = vec![0; 1 << 20];
    let mut at = 0;
    while at < length {
        let n = bytes.len().min((length - at) as usize);
        file.read_exact_at(&mut bytes[..n], at)?;
        sum.update(&bytes[..n]);
        at += n as u64;
    }
    Ok(sum.finalize())
}

/// Whether the block of a plan may be written to a path: nothing is there, or a block of the same plan, or a corrupted one.
///
/// # Errors
/// When another plan's block is there, or what is no block.
pub fn may_write(path: &Path, hash: &str) -> Result<(), ResultsError> {
    if fs::symlink_metadata(path).is_err() {
        return Ok(());
    }
    let mut start = Vec::new();
    let read = File::open(path).and_then(|f| f.take(8).read_to_end(&mut start));
    read.map_err(|e| io(path, e))?;
    if !start.is_empty() && start != MAGIC {
        return Err(io(
            path,
            "is there and is no block; move it, or choose another --out",
        ));
    }
    match OpenBlock::read(path.to_path_buf()) {
        Ok(other) if other.tail.plan != hash => {
            Err(io(path, "is a block of another plan; choose another --out"))
        }
        _ => Ok(()),
    }
}

/// Whether a file is a whole block of this plan.
pub fn is_whole(path: &Path, hash: &str) -> bool {
    OpenBlock::read(path.to_path_buf()).is_ok_and(|block| block.tail.plan == hash)
}

/// Finished blocks as one list of runs.
pub struct BlockStore {
    blocks: Vec<OpenBlock>,
    futures: Range<u32>,
    layout: RunRecordLayout,
}

impl BlockStore {
    /// Opens the blocks of a folder that cover these futures.
    ///
    /// # Errors
    /// When one is missing, broken, or of another plan.
    pub fn open(
        folder: &Path,
        hash: &str,
        layout: &RunRecordLayout,
        futures: Range<u32>,
    ) -> Result<Self, ResultsError> {
        let entries = fs::read_dir(folder).map_err(|e| io(folder, e))?;
        let mut blocks = Vec::new();
        for entry in entries.flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|e| e == "runs") {
                let block = OpenBlock::read(path)?;
                let t = &block.tail;
                if t.plan != hash {
                    return Err(io(&block.path, "is a block of another plan"));
                }
                if !block.fits(layout) {
                    let message = "is not as a block of this plan is written; remove it and run the block again";
                    return Err(io(&block.path, message));
                }
                if t.first < futures.end && t.first + t.count > futures.start {
                    blocks.push(block);
                }
            }
        }
        blocks.sort_by_key(|b| b.tail.first);
        // A copy under another name holds the same bytes.
        blocks.dedup_by_key(|b| (b.tail.first, b.tail.count));
        let mut next = futures.start;
        for block in &blocks {
            if block.tail.first != next {
                break;
            }
            next += block.tail.count;
        }
        if next != futures.end {
            let message = format!("the runs of future {next} are missing: a block is not done");
            return Err(io(folder, message));
        }
        Ok(Self {
            blocks,
            futures,
            layout: layout.clone(),
        })
    }

    /// Takes the events and failures of all runs.
    pub fn take_narratives(&mut self) -> Vec<RunNarrative> {
        let each = self.blocks.iter_mut();
        each.flat_map(|b| std::mem::take(&mut b.tail.told))
            .collect()
    }

    /// Each chunk with the place of its first future in the whole list.
    fn chunks(&self) -> impl Iterator<Item = (&OpenBlock, usize, usize)> {
        self.blocks.iter().flat_map(move |block| {
            let first = (block.tail.first - self.futures.start) as usize;
            (0..block.chunks()).map(move |c| (block, c, first + block.chunk(c).start))
        })
    }
}

impl RunStore for BlockStore {
    fn numbers(
        &self,
        arm: usize,
        at: usize,
        places: Range<usize>,
    ) -> Result<Vec<f64>, ResultsError> {
        let mut values = Vec::with_capacity(places.len());
        for (block, chunk, first) in self.chunks() {
            let n = block.chunk(chunk).len();
            let (from, to) = (places.start.max(first), places.end.min(first + n));
            if from < to {
                let start = block.start(chunk, arm, 0) + ((at * n + from - first) * 8) as u64;
                block.numbers(start, to - from, &mut values)?;
            }
        }
        Ok(values)
    }

    fn months(
        &self,
        arm: usize,
        column: usize,
        months: Range<usize>,
    ) -> Result<Vec<f64>, ResultsError> {
        let all = self.futures.len();
        let mut values = vec![f64::NAN; months.len() * all];
        let mut differs = vec![0; self.layout.months.div_ceil(8)];
        let mut found = Vec::new();
        for (block, chunk, first) in self.chunks() {
            let n = block.chunk(chunk).len();
            let start = block.start(chunk, arm, 1 + column);
            block.bytes(start, &mut differs)?;
            let width = |t: usize| {
                if differs[t / 8] & (1 << (t % 8)) == 0 {
                    1
                } else {
                    n
                }
            };
            let before: usize = (0..months.start).map(width).sum();
            let wanted: usize = months.clone().map(width).sum();
            found.clear();
            let from = start + (differs.len() + before * 8) as u64;
            block.numbers(from, wanted, &mut found)?;
            let mut next = 0;
            for (row, t) in months.clone().enumerate() {
                let into = &mut values[row * all + first..row * all + first + n];
                if width(t) == n {
                    into.copy_from_slice(&found[next..next + n]);
                } else {
                    into.fill(found[next]);
                }
                next += width(t);
            }
        }
        Ok(values)
    }
}
