//! What the law of a study is judged on: its chips, shipments, orders for wafers and suppliers of tools.

use std::sync::{Arc, Mutex, Weak};

use super::compiled::CompiledRules;
use crate::controls::{Attributes, Law, Regime};
use crate::foundation::calendar::Month;
use crate::markets::chip_market::state::MarketLayout;
use crate::technology::foundry::ToolSupplier;
use crate::technology::roadmap::Roadmap;

/// Everything that a rule of the study can be asked about; the same for every arm and run.
pub struct LegalSubjects {
    pub law: Arc<Law>,
    /// The recorded rules, under which supply was recorded.
    pub record: Regime,
    pub first: Month,
    pub months: usize,
    pub roadmap: Roadmap,
    pub layout: Arc<MarketLayout>,
    /// Attributes of a shipment, by market.
    pub shipments: Vec<Attributes>,
    /// Attributes of a chip, by slot.
    pub chips: Vec<Attributes>,
    /// By maker: attributes of an order for wafers from a designer of the target; none for other designers, whom no rule
    /// denies wafers.
    pub designers: Vec<Option<Attributes>>,
    /// Suppliers of advanced tools before any denial, each with a tool that it sells the target for an advanced fab.
    pub tool_suppliers: Vec<(Attributes, ToolSupplier)>,
    pub market_of_nation: Vec<usize>,
    pub issuer_market: usize,
    pub target_market: usize,
    pub target_region: usize,
    /// Compiled sale rules that any calendar holds; an entry is dropped with the last calendar that uses it.
    pub judged: Mutex<Vec<Weak<CompiledRules>>>,
}

impl LegalSubjects {
    /// Suppliers of advanced tools, before any denial.
    pub(super) fn suppliers(&self) -> Vec<ToolSupplier> {
        self.tool_suppliers
            .iter()
            .map(|(_, supplier)| *supplier)
            .collect()
    }
}
