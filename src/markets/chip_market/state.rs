//! What a month of trade is given: customers, terms of sale, offers and rules; and the sums that its accounts hold.

use crate::foundation::parameters::Parameters;
use crate::technology::supply::POOLS;

/// Rows of tables by bloc and wallet.
pub const ROWS: usize = 6;

/// Upper bound on the number of makers; fixed arrays keep the month loop free of allocation.
pub const MAKERS_MAX: usize = 64;

/// What a budget buys compute for; each customer has one purpose.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(usize)]
pub enum BudgetPurpose {
    Training = 0,
    Serving = 1,
}

/// Index of a chip slot, bloc and wallet in tables of packages: `[chip slot][bloc][wallet]`.
pub const fn stock_index(chip: usize, bloc: usize, wallet: BudgetPurpose) -> usize {
    chip * ROWS + 2 * bloc + wallet as usize
}

/// Kind of a customer; it decides which chips the customer may buy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CustomerKind {
    /// Buys any chip that is for sale in its market.
    Ordinary,
    /// Owns the maker of this row, and buys only its chips.
    Owner(u16),
    /// Demand that the target's state directs to chips made at home.
    StateProcurement,
    /// Brokers of a hub, who buy for users in the target.
    Broker,
}

impl CustomerKind {
    pub fn is_owner(self) -> bool {
        matches!(self, Self::Owner(_))
    }

    /// Whether it owns a maker that is not among these.
    pub fn owns_none_of(self, makers: &[u16]) -> bool {
        matches!(self, Self::Owner(maker) if !makers.contains(&maker))
    }

    pub fn is_state_procurement(self) -> bool {
        self == Self::StateProcurement
    }

    pub fn is_broker(self) -> bool {
        self == Self::Broker
    }
}

/// One budget: a market's training or serving wallet, or that of the owner of a maker, of the target's state, or of the
/// brokers of a hub.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Customer {
    pub market: usize,
    pub wallet: BudgetPurpose,
    pub kind: CustomerKind,
}

/// Structure of the market; fixed within a run.
#[derive(Clone, Debug)]
pub struct MarketLayout {
    pub customers: Vec<Customer>,
    pub markets: usize,
    pub makers: usize,
    /// Maker of each chip slot; slots of one maker are adjacent.
    pub maker_of: Vec<u16>,
    /// The maker with a priority claim on wafers and memory made in the target.
    pub first_claimant: Option<usize>,
    /// Chip slots that only the owner of their maker may buy.
    pub captive_chip: Vec<bool>,
    /// Makers that sell to their owners alone.
    pub captive_maker: Vec<bool>,
    /// The market of the target nation: its orders carry the relationship weight.
    pub target_market: usize,
    /// Chips of makers of the target.
    pub target_made: Vec<bool>,
    /// Index of the bloc that each market belongs to.
    pub bloc_of_market: Vec<usize>,
    /// The market that each nation buys in, by row.
    pub market_of_nation: Vec<usize>,
}

impl MarketLayout {
    /// Whether a customer buys captive chips.
    pub fn owns_captive(&self, kind: CustomerKind) -> bool {
        matches!(kind, CustomerKind::Owner(maker) if self.captive_maker[usize::from(maker)])
    }

    /// Whether a kind of customer buys a chip, were it allowed: owners buy what is theirs, all others what is not captive, and
    /// the target's state what is made by makers of the target.
    pub fn is_of_interest(&self, kind: CustomerKind, chip: usize) -> bool {
        match kind {
            CustomerKind::Owner(maker) => self.maker_of[chip] == maker,
            CustomerKind::StateProcurement => self.target_made[chip] && !self.captive_chip[chip],
            CustomerKind::Ordinary | CustomerKind::Broker => !self.captive_chip[chip],
        }
    }
}

/// Sale terms of one chip in one market this month, as the rules set them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SaleTerms {
    /// Fraction of the month in which a sale is not denied.
    pub open: f64,
    /// Volume is limited by notifications that the issuer may refuse.
    pub notify: bool,
    /// Volume is limited by licences that are decided case by case.
    pub case_by_case: bool,
    /// Volume draws on a cap of total processing performance.
    pub capped: bool,
    /// Share of the price that the issuer takes.
    pub levy_share: f64,
}

impl SaleTerms {
    pub const FREE: Self = Self {
        open: 1.0,
        notify: false,
        case_by_case: false,
        capped: false,
        levy_share: 0.0,
    };
    pub const DENIED: Self = Self {
        open: 0.0,
        ..Self::FREE
    };

    /// Whether the issuer has to decide on volume.
    pub fn licensed(&self) -> bool {
        self.notify || self.case_by_case
    }
}

/// Offer of one chip this month, the same in every market.
#[derive(Clone, Copy, Debug, Default)]
pub struct ChipOffer {
    pub price_usd: f64,
    pub unit_cost_usd: f64,
    /// Standard packages of the maker's capacity that one package takes: its cost over that of the reference chip.
    pub size: f64,
    pub tpp: f64,
    /// Attraction of the chip for training and for serving, and the same within its maker's nest (see [`super::choice::BudgetChoice`]).
    pub attraction: [f64; 2],
    pub attraction_in_nest: [f64; 2],
    /// Pool units a package.
    pub uses: [f64; POOLS],
}

/// Market rules from the parameters, by their names in `configs/parameters`; rates a year become rates a month.
#[derive(Clone, Copy, Debug)]
pub struct MarketRules {
    pub relationship_share_target: f64,
    pub customary_share_target: f64,
    pub host_cost_usd: f64,
    pub choice_slope: f64,
    pub choice_nest: f64,
    pub wallet_decay_per_month: f64,
    pub levy_pass_through: f64,
    pub quota_inertia: f64,
    pub home_priority_share: f64,
    pub captive_claim: f64,
    pub approval_case_by_case_target: f64,
    pub approval_notify_target: f64,
    pub approval_elsewhere: f64,
    pub licence_days_target: f64,
    pub licence_days_elsewhere: f64,
    pub retirement_per_month: f64,
    pub advance_repay_per_month: f64,
}

impl MarketRules {
    pub fn of(p: &Parameters) -> Self {
        Self {
            relationship_share_target: p.relationship_share_target,
            customary_share_target: p.customary_share_target,
            host_cost_usd: p.host_cost_usd,
            choice_slope: p.choice_slope,
            choice_nest: p.choice_nest,
            wallet_decay_per_month: p.wallet_decay_per_month,
            levy_pass_through: p.levy_pass_through,
            quota_inertia: p.quota_inertia,
            home_priority_share: p.home_priority_share,
            captive_claim: p.captive_claim,
            approval_case_by_case_target: p.approval_case_by_case_target,
            approval_notify_target: p.approval_notify_target,
            approval_elsewhere: p.approval_elsewhere,
            licence_days_target: p.licence_days_target,
            licence_days_elsewhere: p.licence_days_elsewhere,
            retirement_per_month: p.retirement_per_year / 12.0,
            advance_repay_per_month: 1.0 / p.frontload_repay_months.max(1.0),
        }
    }
}

/// Sums of the month and their largest imbalance.
#[derive(Clone, Copy, Debug, Default)]
pub struct MarketAccounts {
    pub budget_usd: f64,
    pub advanced_usd: f64,
    pub repaid_usd: f64,
    pub spent_usd: f64,
    pub lapsed_usd: f64,
    /// Levies, and the part of them that buyers pay above the price.
    pub levy_usd: f64,
    pub passed_on_usd: f64,
    /// What the packages sold cost at the prices of their makers, servers included.
    pub at_price_usd: f64,
    pub produced: f64,
    pub delivered: f64,
    pub retired: f64,
    /// Largest imbalance of money, chips, licences or pools this month, relative to the month's volume.
    pub imbalance: f64,
}

impl MarketAccounts {
    /// Money that is not accounted for between two sums of wallets less advances, over the money of the month.
    pub(super) fn lost_usd(&self, opening_usd: f64, closing_usd: f64) -> f64 {
        let lost_usd =
            opening_usd + self.budget_usd - self.spent_usd - self.lapsed_usd - closing_usd;
        lost_usd.abs() / (opening_usd.abs() + self.budget_usd + 1.0)
    }

    /// What buyers spent and neither makers nor, as the part of a levy that is passed on, the issuer received, over what they spent.
    pub(super) fn unreceived_usd(&self) -> f64 {
        (self.spent_usd - self.at_price_usd - self.passed_on_usd).abs() / (self.spent_usd + 1.0)
    }

    /// Packages made and not delivered, or the reverse, over packages made.
    pub(super) fn lost_packages(&self) -> f64 {
        (self.produced - self.delivered).abs() / (self.produced + 1.0)
    }
}

/// What is for sale this month, on which terms and under which rules; no step of the trade changes it.
#[derive(Clone, Copy)]
pub struct ForSale<'a> {
    pub layout: &'a MarketLayout,
    /// Chip slots on sale, ascending.
    pub active: &'a [u16],
    /// By chip slot.
    pub offers: &'a [ChipOffer],
    /// By market and chip slot.
    pub terms: &'a [SaleTerms],
    /// By market and maker.
    pub stack: &'a [f64],
    pub rules: &'a MarketRules,
}

impl ForSale<'_> {
    /// Slot of the `a`-th active chip.
    pub fn slot(&self, a: usize) -> usize {
        usize::from(self.active[a])
    }

    /// Index of the `a`-th active chip in tables by market and chip slot.
    pub fn terms_index(&self, market: usize, a: usize) -> usize {
        market * self.layout.maker_of.len() + self.slot(a)
    }

    /// Terms of the `a`-th active chip in a market.
    pub fn terms_in(&self, market: usize, a: usize) -> &SaleTerms {
        &self.terms[self.terms_index(market, a)]
    }

    /// Software attraction of each maker in a market.
    pub fn stack_in(&self, market: usize) -> &[f64] {
        let makers = self.layout.makers;
        &self.stack[market * makers..(market + 1) * makers]
    }
}
