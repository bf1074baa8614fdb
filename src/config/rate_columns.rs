//! Headers of rates: a number format with a unit, dense or sparse.

use super::chip_cells::scale;
use super::chip_header::{ChipColumn, words};
use super::chips::OWN_CHIPS;

/// Number formats: words, the column, and bits where the table of the model has no column.
const FORMATS: &[(&[&str], &str, Option<f64>)] = &[
    (
        &["fp16", "bf16", "float16", "bfloat16"],
        "fp16_dense_tflops",
        None,
    ),
    (&["fp8", "mxfp8"], "fp8_dense_tflops", None),
    (&["fp6", "mxfp6"], "fp6_dense_tflops", None),
    (&["fp4", "nvfp4", "mxfp4"], "fp4_dense_tflops", None),
    (&["int8"], "int8_dense_tops", None),
    (&["int4"], "int4_dense_tops", None),
    (&["fp32", "float32"], "fp16_dense_tflops", Some(32.0)),
    (&["fp64", "float64"], "fp16_dense_tflops", Some(64.0)),
    (&["int16"], "int8_dense_tops", Some(16.0)),
];

/// Words of a header of rates that say nothing of the format.
const BESIDE: &[&str] = &[
    "tensor",
    "dense",
    "peak",
    "performance",
    "throughput",
    "rate",
    "core",
    "cores",
    "half",
    "single",
    "double",
    "precision",
    "max",
    "theoretical",
    "compute",
    "matrix",
    "ai",
    "sparse",
    "sparsity",
    "with",
    "without",
];

/// A column of rates: a number format, a unit, and words that say nothing else.
pub(super) fn rate_column(bare: &str, header: &str, bracketed: Option<&str>) -> Option<ChipColumn> {
    let in_unit = |u: &&str| scale(u, "TFLOPS").is_some();
    let unit = bracketed.filter(in_unit);
    let mut all = words(if unit.is_some() { bare } else { header });
    let is_unit = |w: &String| w.len() > 3 && scale(w, "TFLOPS").is_some();
    let written = all.iter().position(is_unit).map(|at| all.remove(at));
    let format_of = |word: &String| {
        FORMATS
            .iter()
            .find(|(names, ..)| names.contains(&word.as_str()))
    };
    let formats: Vec<_> = all.iter().filter_map(format_of).collect();
    let (first, others) = formats.split_first()?;
    let of_one = others
        .iter()
        .all(|other| other.1 == first.1 && other.2 == first.2);
    let rest = all.iter().filter(|w| format_of(w).is_none());
    let says_more = rest.clone().any(|w| !BESIDE.contains(&w.as_str()));
    if !of_one || says_more {
        return None;
    }
    let has = |word: &str| all.iter().any(|w| w == word);
    let sparse = (has("sparse") || has("sparsity")) && !has("without") && !has("dense");
    let unit = unit.map(String::from).or(written);
    Some(ChipColumn {
        spec: OWN_CHIPS.columns.iter().find(|c| c.name == first.1)?,
        scale: unit.and_then(|u| scale(&u, "TFLOPS")),
        factor: 1.0,
        sparse,
        extra_bits: first.2,
        own: false,
    })
}
