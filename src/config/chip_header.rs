//! A column of a chip table as people have it, and the words of its header.

use super::chip_cells::UnitScale;
use super::table::{CellType, ColumnSpec};

/// A column of the file whose cells are read.
#[derive(Clone, Debug)]
pub(super) struct ChipColumn {
    pub spec: &'static ColumnSpec,
    /// The unit of its numbers; none where the header has none and another could be meant.
    pub scale: Option<UnitScale>,
    pub factor: f64,
    /// Figures of sparse operations, which are twice the dense.
    pub sparse: bool,
    /// Bits of a number format that the table of the model lacks.
    pub extra_bits: Option<f64>,
    /// Whether the header is the column's own name, or the user chose it.
    pub own: bool,
}

impl ChipColumn {
    pub fn spec(&self) -> &'static ColumnSpec {
        self.spec
    }

    pub fn is(&self, name: &str) -> bool {
        self.spec.name == name && self.extra_bits.is_none()
    }

    pub fn is_number(&self) -> bool {
        matches!(self.spec.cell, CellType::Number(..))
    }
}

/// Small letters and digits of a header, by words.
pub(super) fn words(text: &str) -> Vec<String> {
    text.replace('²', "2")
        .replace('^', "")
        .to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .map(String::from)
        .collect()
}
