//! Headers of chip tables: the column that is meant, its unit, and what is left out.

use super::chip_cells::{UnitScale, scale};
use super::chip_header::{ChipColumn, words};
use super::chips::OWN_CHIPS;
use super::diagnostics::Source;
use super::diagnostics::{Diagnostic, Problems, nearest};
use super::rate_columns::rate_column;
use super::separated::ForeignHeader;
use super::table::{cell_range_between, shortened};
use crate::controls::Attribute;

/// A column that the user named: one of the table of the model, a header of the file, and a factor.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnChoice {
    pub ours: String,
    pub theirs: String,
}

impl ColumnChoice {
    /// Reads `OURS=THEIRS`.
    ///
    /// # Errors
    /// In words, for another form and for a column that a chip does not have; the nearest is named.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (ours, theirs) = text.split_once('=').ok_or(
            "expected OURS=THEIRS, such as tpp=\"Total performance\" or fp8_dense_tflops=\"FP8 (FLOP/s)/1e12\"",
        )?;
        let (ours, theirs) = (ours.trim(), theirs.trim());
        let names: Vec<&str> = OWN_CHIPS.columns.iter().map(|c| c.name).collect();
        let Some(name) = names.iter().find(|n| n.eq_ignore_ascii_case(ours)) else {
            let near = match meant(&words(ours).join("_")) {
                Some(name) => Some(name),
                None => nearest(ours, &names),
            };
            let near = near.map_or(String::new(), |n| format!("; did you mean `{n}`?"));
            return Err(format!(
                "found `{ours}`, expected a column of a chip table (`chokepoint schema own_chips`){near}"
            ));
        };
        Ok(Self {
            ours: (*name).to_string(),
            theirs: theirs.to_string(),
        })
    }
}

impl ForeignHeader {
    /// The column of each cell; none where it is left out, which is noted.
    pub(super) fn columns(
        &self,
        source: &Source,
        chosen: &[ColumnChoice],
        notes: &mut Vec<String>,
        problems: &mut Problems,
    ) -> Vec<Option<ChipColumn>> {
        let mut columns: Vec<Option<ChipColumn>> =
            self.cells.iter().map(|cell| column_of(cell)).collect();
        let mut taken: Vec<(usize, &ColumnChoice)> = Vec::new();
        for choice in chosen {
            match self.chosen(choice) {
                Some((at, column)) => {
                    // A column is read once: the second choice would lose the first without a word.
                    let other = taken
                        .iter()
                        .find(|(a, c)| *a == at && c.ours != choice.ours);
                    if let Some((_, first)) = other {
                        let message = format!(
                            "--column: found `{}` and `{}` from the one column `{}`, expected a column of this table for each",
                            first.ours, choice.ours, self.cells[at]
                        );
                        let range = self.cell(source, at);
                        problems.0.push(Diagnostic::at(source, range, message));
                    }
                    taken.push((at, choice));
                    columns[at] = Some(column);
                }
                None => {
                    let known: Vec<&str> = self.cells.iter().map(String::as_str).collect();
                    let message = format!(
                        "--column {}: found `{}`, expected a header of this table, or one with / or * and a number",
                        choice.ours, choice.theirs
                    );
                    let range = self.cell(source, 0);
                    problems.0.push(
                        Diagnostic::at(source, range, message).nearest(&choice.theirs, &known),
                    );
                }
            }
        }
        self.one_for_each(source, &mut columns, problems);
        self.nothing_misspelt(source, &columns, problems);
        let sparse = columns.iter().zip(&self.cells);
        let sparse = sparse.filter(|(c, _)| c.as_ref().is_some_and(|c| c.sparse));
        for (_, cell) in sparse {
            notes.push(format!(
                "`{cell}` is of sparse operations: half of it is read as dense"
            ));
        }
        let left = self.cells.iter().zip(&columns);
        let left: Vec<String> = left
            .filter(|(cell, column)| column.is_none() && !cell.is_empty())
            .map(|(cell, _)| format!("`{}`", shortened(cell)))
            .collect();
        if problems.0.is_empty() && !left.is_empty() {
            notes.push(format!(
                "left out: {} (--column OURS=THEIRS reads one of them)",
                left.join(", ")
            ));
        }
        if !columns.iter().flatten().any(|c| c.is("chip")) && problems.0.is_empty() {
            let message = "the column `chip` is missing, expected a name for each chip";
            let help =
                "add the column `chip` to the header, or say which it is: --column chip=THEIRS";
            let diagnostic = Diagnostic::at(source, self.cell(source, 0), message);
            problems.0.push(diagnostic.help(help));
        }
        columns
    }

    fn cell(&self, source: &Source, at: usize) -> std::ops::Range<usize> {
        cell_range_between(&source.text, self.start, at, self.separator)
    }

    /// The place and column of what the user chose, with a factor behind the header.
    fn chosen(&self, choice: &ColumnChoice) -> Option<(usize, ChipColumn)> {
        let find = |text: &str| {
            let text = text.trim();
            self.cells.iter().position(|c| c.eq_ignore_ascii_case(text))
        };
        let spec = OWN_CHIPS.columns.iter().find(|c| c.name == choice.ours)?;
        let column = |at: usize, factor: Option<f64>| {
            let of_header = column_of(&self.cells[at]).filter(|c| c.spec.name == spec.name);
            let scale = match (factor, of_header.and_then(|c| c.scale)) {
                // A factor says it all.
                (Some(_), _) | (_, None) => Some(UnitScale::ONE),
                (None, scale) => scale,
            };
            let column = ChipColumn {
                spec,
                scale,
                factor: factor.unwrap_or(1.0),
                sparse: false,
                extra_bits: None,
                own: true,
            };
            (at, column)
        };
        if let Some(at) = find(&choice.theirs) {
            return Some(column(at, None));
        }
        let mark = choice.theirs.rfind(['/', '*'])?;
        let (theirs, behind) = choice.theirs.split_at(mark);
        let number: f64 = behind[1..].trim().parse().ok()?;
        let factor = if behind.starts_with('/') {
            1.0 / number
        } else {
            number
        };
        if !factor.is_finite() || factor <= 0.0 {
            return None;
        }
        Some(column(find(theirs)?, Some(factor)))
    }

    /// Of several headers for one column the column's own name, or the user's choice, is read; several rates are read all.
    fn one_for_each(
        &self,
        source: &Source,
        columns: &mut [Option<ChipColumn>],
        problems: &mut Problems,
    ) {
        for at in 0..columns.len() {
            let Some(column) = columns[at].clone() else {
                continue;
            };
            let same = |other: &Option<ChipColumn>| {
                other.as_ref().is_some_and(|o| {
                    o.spec.name == column.spec.name && o.extra_bits == column.extra_bits
                })
            };
            let own = columns.iter().filter(|o| same(o));
            let own = own.filter(|o| o.as_ref().is_some_and(|o| o.own)).count();
            if own > 0 && !column.own {
                columns[at] = None;
                continue;
            }
            let several = columns[..at].iter().any(same);
            let is_rate = column.spec.unit == "TFLOPS" || column.spec.unit == "TOPS";
            if several && (column.own || !is_rate) {
                let message = if column.own {
                    format!("the column `{}` is here twice", column.spec.name)
                } else {
                    format!(
                        "found a second column for `{}`, `{}`",
                        column.spec.name, self.cells[at]
                    )
                };
                let help = format!("say which it is: --column {}=THEIRS", column.spec.name);
                let range = self.cell(source, at);
                problems
                    .0
                    .push(Diagnostic::at(source, range, message).help(help));
            }
        }
    }

    /// A header that is nearly a column is a column misspelt; what is far from all of them is left out.
    fn nothing_misspelt(
        &self,
        source: &Source,
        columns: &[Option<ChipColumn>],
        problems: &mut Problems,
    ) {
        let names: Vec<&str> = OWN_CHIPS.columns.iter().map(|c| c.name).collect();
        for (at, cell) in self.cells.iter().enumerate() {
            if columns[at].is_some() || column_of(cell).is_some() || cell.chars().count() < 3 {
                continue;
            }
            let small = cell.to_lowercase();
            let distance = |name: &str| strsim::damerau_levenshtein(&small, name);
            let near = nearest(&small, &names);
            let near = near.filter(|name| distance(name) <= (small.chars().count() / 4).max(1));
            if let Some(near) = near {
                let message = format!(
                    "unknown column `{}`, expected one of the {} columns of this table",
                    shortened(cell),
                    names.len()
                );
                let help = format!("did you mean `{near}`?");
                let range = self.cell(source, at);
                problems
                    .0
                    .push(Diagnostic::at(source, range, message).help(help));
            }
        }
    }
}

/// Names of columns that are no attributes, with others in use.
const OTHER_NAMES: &[(&str, &[&str])] = &[
    (
        "first_ship",
        &[
            "release_date",
            "released",
            "release",
            "launch_date",
            "launch",
            "launched",
            "date",
            "ship_date",
            "first_shipped",
            "availability",
            "introduced",
            "date_introduced",
            "release_year_month",
        ],
    ),
    (
        "tdp_w",
        &[
            "tdp",
            "power",
            "thermal_design_power",
            "tdp_watts",
            "board_power",
        ],
    ),
    (
        "list_price_usd",
        &[
            "price",
            "release_price",
            "msrp",
            "list_price",
            "price_usd",
            "launch_price",
            "cost",
        ],
    ),
    ("status", &["state", "availability_status"]),
    ("notes", &["note", "comment", "comments", "remarks"]),
    ("source", &["sources", "reference", "references"]),
    (
        "source_url",
        &["url", "link", "link_to_datasheet", "datasheet"],
    ),
    ("hbm_stacks", &["hbm_stack_count", "number_of_hbm_stacks"]),
    (
        "chip",
        &[
            "model",
            "part",
            "device",
            "product_name",
            "sku",
            "gpu_name",
            "chip_model",
        ],
    ),
];

/// The column that a name means.
fn meant(name: &str) -> Option<&'static str> {
    let of_table = |name: &str| {
        OWN_CHIPS
            .columns
            .iter()
            .map(|c| c.name)
            .find(|n| *n == name)
    };
    of_table(name).or_else(|| {
        let other = OTHER_NAMES
            .iter()
            .find(|(_, others)| others.contains(&name));
        let attribute = || Attribute::meant_by(name).and_then(|a| of_table(a.name()));
        other.map(|(column, _)| *column).or_else(attribute)
    })
}

/// The column that a header means, with its unit; none where no column is meant.
pub(super) fn column_of(header: &str) -> Option<ChipColumn> {
    let own = words(header).join("_");
    let spec_named = |name: &str| OWN_CHIPS.columns.iter().find(|c| c.name == name);
    if let Some(spec) = spec_named(&own) {
        return Some(ChipColumn {
            spec,
            scale: Some(UnitScale::ONE),
            factor: 1.0,
            sparse: false,
            extra_bits: None,
            own: true,
        });
    }
    let (bare, bracketed) = bracketed_unit(header);
    if let Some(column) = rate_column(bare, header, bracketed) {
        return Some(column);
    }
    let name = words(bare);
    let (name, trailing) = match meant(&name.join("_")) {
        Some(found) => (found, ""),
        None => {
            let (last, rest) = name.split_last()?;
            (meant(&rest.join("_"))?, unit_word(last)?)
        }
    };
    let spec = spec_named(name)?;
    let unit = bracketed.filter(|u| !u.is_empty()).unwrap_or(trailing);
    let scale = match (unit, spec.unit) {
        (_, "") => Some(UnitScale::ONE),
        ("", unit) => {
            natural(spec.name).or_else(|| (unit == "TOPS x bit").then_some(UnitScale::ONE))
        }
        // A header with a unit of another kind means another thing.
        (unit, of_spec) => Some(scale(unit, of_spec)?),
    };
    Some(ChipColumn {
        spec,
        scale,
        factor: 1.0,
        sparse: false,
        extra_bits: None,
        own: false,
    })
}

/// The unit of a column that people always mean.
fn natural(name: &str) -> Option<UnitScale> {
    let plain = [
        "tdp_w",
        "process_node_nm",
        "mem_capacity_gb",
        "list_price_usd",
        "hbm_stacks",
        "performance_density",
    ];
    plain.contains(&name).then_some(UnitScale::ONE)
}

/// What stands in the last brackets of a header, or behind its last comma, and what stands before.
fn bracketed_unit(header: &str) -> (&str, Option<&str>) {
    let header = header.trim();
    for (open, close) in [('(', ')'), ('[', ']')] {
        if let Some(inner) = header.strip_suffix(close)
            && let Some(at) = inner.rfind(open)
        {
            return (&header[..at], Some(inner[at + 1..].trim()));
        }
    }
    match header.rsplit_once(',') {
        Some((name, unit)) => (name, Some(unit.trim())),
        None => (header, None),
    }
}

/// A unit at the end of a name of words, such as `memory_bandwidth_tbs`.
fn unit_word(word: &str) -> Option<&'static str> {
    Some(match word {
        "tbs" | "tbps" => "TB/s",
        "gbs" => "GB/s",
        "gb" => "GB",
        "mm2" => "mm2",
        "nm" => "nm",
        "w" | "watts" => "W",
        "usd" => "USD",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_public_tables_are_known_with_their_units() {
        for (header, name, x, y) in [
            ("Hardware name", "chip", 1.0, 1.0),
            ("Manufacturer", "vendor", 1.0, 1.0),
            ("Release date", "first_ship", 1.0, 1.0),
            ("Release price (USD)", "list_price_usd", 5.0, 5.0),
            (
                "Tensor-FP16/BF16 performance (FLOP/s)",
                "fp16_dense_tflops",
                9.894e14,
                989.4,
            ),
            (
                "FP16 (half precision) performance (FLOP/s)",
                "fp16_dense_tflops",
                1e12,
                1.0,
            ),
            ("FP8 performance (FLOP/s)", "fp8_dense_tflops", 1e15, 1000.0),
            (
                "FP4 performance (FLOP/s)",
                "fp4_dense_tflops",
                1.5e16,
                15000.0,
            ),
            ("INT4 performance (OP/s)", "int4_dense_tops", 1e15, 1000.0),
            ("Memory (bytes)", "mem_capacity_gb", 8e10, 80.0),
            (
                "Memory bandwidth (byte/s)",
                "mem_bandwidth_tbs",
                3.35e12,
                3.35,
            ),
            (
                "Intranode bandwidth (byte/s)",
                "interconnect_gbps",
                9e11,
                900.0,
            ),
            ("TDP (W)", "tdp_w", 700.0, 700.0),
            ("Die Size (mm^2)", "die_area_mm2", 814.0, 814.0),
            ("Process size (nm)", "process_node_nm", 5.0, 5.0),
            (
                "Total processing performance (bit-OP/s)",
                "tpp",
                1.5832e16,
                15832.0,
            ),
            ("TPP", "tpp", 15832.0, 15832.0),
            ("Chip", "chip", 1.0, 1.0),
            ("Memory bandwidth [GB/s]", "mem_bandwidth_tbs", 3350.0, 3.35),
            ("memory_bandwidth_gbs", "mem_bandwidth_tbs", 3350.0, 3.35),
            ("Dense FP8 TFLOPS", "fp8_dense_tflops", 1979.0, 1979.0),
            ("NVFP4 (PFLOPS)", "fp4_dense_tflops", 15.0, 15000.0),
            ("Die area, mm²", "die_area_mm2", 814.0, 814.0),
            ("NVLink (GB/s)", "interconnect_gbps", 900.0, 900.0),
            ("VRAM (GiB)", "mem_capacity_gb", 1.0, 1.073741824),
        ] {
            let column = column_of(header).unwrap_or_else(|| panic!("{header}"));
            assert_eq!(column.spec.name, name, "{header}");
            let got = column
                .scale
                .unwrap_or_else(|| panic!("{header}: no unit"))
                .of(x);
            assert!((got - y).abs() <= 1e-12 * y, "{header}: {got}");
        }
        for header in [
            "ticker",
            "Type",
            "Foundry",
            "Base clock (MHz)",
            "Memory bus (bit)",
            "Internode bandwidth (bit/s)",
            "Transistors (millions)",
            "ML OP/s",
            "Last modified",
            "",
        ] {
            assert!(column_of(header).is_none(), "{header}");
        }
        // No unit, and more than one is in use.
        for header in ["Memory bandwidth", "FP8", "die_area", "NVLink"] {
            assert_eq!(column_of(header).unwrap().scale, None, "{header}");
        }
        assert!(column_of("FP8 TFLOPS (with sparsity)").unwrap().sparse);
    }

    #[test]
    fn a_choice_of_columns_is_checked() {
        let choice = ColumnChoice::parse("fp8_dense_tflops=FP8 performance (FLOP/s)/1e12").unwrap();
        assert_eq!(choice.theirs, "FP8 performance (FLOP/s)/1e12");
        assert!(
            ColumnChoice::parse("tppp=x")
                .unwrap_err()
                .contains("did you mean `tpp`?")
        );
        assert!(
            ColumnChoice::parse("memory_bandwidth=x")
                .unwrap_err()
                .contains("`mem_bandwidth_tbs`")
        );
        assert!(
            ColumnChoice::parse("tpp")
                .unwrap_err()
                .contains("OURS=THEIRS")
        );
    }
}
