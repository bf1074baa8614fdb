//! Tables with one row for each chip on sale, or for each maker, and in it one cell for each buyer.
//!
//! A step of the trade treats a row at a time: the same arithmetic for all buyers, which the processor does for several at once.
//! Sums over chips run down the rows in order, so results do not depend on how many it takes.

/// Rows are whole blocks of this many cells. Those beyond the last buyer belong to nobody and count in no sum over buyers.
const BLOCK: usize = 8;

/// Length of a row for this many buyers.
pub const fn row_length(buyers: usize) -> usize {
    buyers.next_multiple_of(BLOCK)
}

/// A table by row and buyer.
#[derive(Clone, Debug, Default)]
pub struct BuyerTable {
    length: usize,
    pub cells: Vec<f64>,
}

impl BuyerTable {
    pub fn with_capacity(rows: usize, buyers: usize) -> Self {
        Self {
            length: 0,
            cells: Vec::with_capacity(rows * row_length(buyers)),
        }
    }

    /// Makes room for so many rows and buyers. The cells keep what they hold only where the length of a row stays.
    pub fn resize(&mut self, rows: usize, buyers: usize) {
        self.length = row_length(buyers);
        self.cells.resize(rows * self.length, 0.0);
    }

    /// Writes zero into every cell.
    pub fn clear_cells(&mut self) {
        self.cells.fill(0.0);
    }

    pub fn clear(&mut self) {
        self.cells.clear();
        self.length = 0;
    }

    /// Place of a cell in `cells`.
    pub fn place(&self, row: usize, buyer: usize) -> usize {
        row * self.length + buyer
    }

    pub fn at(&self, row: usize, buyer: usize) -> f64 {
        self.cells[self.place(row, buyer)]
    }

    pub fn at_mut(&mut self, row: usize, buyer: usize) -> &mut f64 {
        let place = self.place(row, buyer);
        &mut self.cells[place]
    }

    pub fn row(&self, row: usize) -> &[f64] {
        &self.cells[row * self.length..][..self.length]
    }

    pub fn row_mut(&mut self, row: usize) -> &mut [f64] {
        &mut self.cells[row * self.length..][..self.length]
    }
}

/// A column by buyer, with room for all of them.
pub fn new_column(buyers: usize) -> Vec<f64> {
    vec![0.0; row_length(buyers)]
}

/// Makes a column of zeros for so many buyers.
pub fn clear_column(column: &mut Vec<f64>, buyers: usize) {
    column.clear();
    column.resize(row_length(buyers), 0.0);
}
