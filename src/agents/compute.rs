//! Useful compute of nations: what their chips do, divided among the nations of a market, as far as they have power.

use bevy_ecs::component::Component;
use bevy_ecs::resource::Resource;
use bevy_ecs::system::{Query, Res, ResMut, SystemParam};

use super::nation::{Nation, public_research_usd, training_share};
use crate::capability::efficiency::{ScarcityEfficiency, codesign_skill};
use crate::foundation::bloc::Bloc;
use crate::foundation::parameters::Parameters;
use crate::foundation::run::RunMonth;
use crate::markets::chip_market::ChipMarket;
use crate::markets::chip_market::state::{BudgetPurpose, CustomerKind, ROWS, stock_index};
use crate::policy::access::LegalAccess;
use crate::technology::power::{PowerPaths, PowerUse, switch_on};
use crate::technology::roadmap::{ChipTable, RealisedThroughput, fp8_share};

/// Useful compute of a nation's users, H100-equivalents.
#[derive(Component, Clone, Copy, Debug, Default)]
pub struct NationCompute {
    /// Training throughput of chips bought for training.
    pub training_h100e: f64,
    /// Serving throughput of chips bought for serving.
    pub serving_h100e: f64,
    /// Training throughput of all chips.
    pub all_h100e: f64,
}

/// Compute by nation and by bloc, collected once a month.
#[derive(Resource, Clone, Debug, Default)]
pub struct NationTotals {
    pub training_h100e: Vec<f64>,
    pub serving_h100e: Vec<f64>,
    pub all_h100e: Vec<f64>,
    pub training_by_bloc: [f64; 3],
    pub serving_by_bloc: [f64; 3],
    pub all_by_bloc: [f64; 3],
    /// Useful compute by the owner's home.
    pub owned_by_bloc: [f64; 3],
    /// Share of installed compute that has power.
    pub powered: [f64; 3],
    /// 8-bit peak basis.
    pub peak_by_bloc: [f64; 3],
    /// Training compute of the issuer's public research, counted in the sums above as well.
    pub public_research_h100e: f64,
}

/// Next compute of public research, H100-equivalents: `S' = S * (1 - retirement / 12) + part * delivered`.
///
/// `part` is public money over all new money for training in the issuer, and `delivered` the training compute that this money bought:
/// public buyers get what others get for a dollar.
pub fn next_public_compute(
    held_h100e: f64,
    public_usd: f64,
    all_usd: f64,
    delivered_h100e: f64,
    p: &Parameters,
) -> f64 {
    let part = if all_usd > 0.0 {
        (public_usd / all_usd).min(1.0)
    } else {
        0.0
    };
    held_h100e * (1.0 - p.retirement_per_year / 12.0) + part * delivered_h100e
}

impl NationTotals {
    fn reset(&mut self, nations: usize) {
        for column in [
            &mut self.training_h100e,
            &mut self.serving_h100e,
            &mut self.all_h100e,
        ] {
            column.clear();
            column.resize(nations, 0.0);
        }
    }
}

/// Compute before the first month: the oldest listed chip, by the recorded distribution of compute.
#[derive(Resource, Clone, Debug, Default)]
pub struct InitialStock {
    /// Slot of the oldest chip.
    pub chip: usize,
    /// Share of its bloc's chips, by market.
    pub share_of_bloc: Vec<f64>,
    /// Share of its market's chips, by nation.
    pub share_of_market: Vec<f64>,
}

impl InitialStock {
    /// Chips of a market of a bloc.
    fn packages(&self, bloc: usize, market: usize, p: &Parameters) -> f64 {
        let (issuer, target) = (p.chips_at_start_issuer_share, p.chips_at_start_target_share);
        let of_bloc = p.chips_at_start * [issuer, target, 1.0 - issuer - target][bloc];
        of_bloc * self.share_of_bloc[market]
    }
}

/// System at the start of a run: installs the initial stock in the market and in every nation.
pub fn begin_compute(
    run: RunMonth,
    initial: Res<InitialStock>,
    mut market: ResMut<ChipMarket>,
    mut chips: ResMut<ChipTable>,
    mut totals: ResMut<NationTotals>,
    mut held: ResMut<ComputeStock>,
    mut power: ResMut<PowerUse>,
    mut nations: Query<(&Nation, &mut NationCompute)>,
) {
    let p = &run.future.parameters;
    let layout = market.layout.clone();
    power.reset(layout.markets);
    totals.reset(nations.iter().count());
    held.reset(
        layout.markets,
        layout.customers.len(),
        layout.maker_of.len(),
    );
    let share = training_share(run.clock.year, p);
    market.deliveries.mark_in_use(initial.chip);
    for customer in layout
        .customers
        .iter()
        .filter(|c| c.kind == CustomerKind::Ordinary)
    {
        let part = match customer.wallet {
            BudgetPurpose::Training => share,
            BudgetPurpose::Serving => 1.0 - share,
        };
        let bloc = layout.bloc_of_market[customer.market];
        market.deliveries.stock[stock_index(initial.chip, bloc, customer.wallet)] +=
            initial.packages(bloc, customer.market, p) * part;
        power.market_w[customer.market] +=
            initial.packages(bloc, customer.market, p) * part * chips.spec[initial.chip].tdp_w;
    }
    chips.fp8_share = fp8_share(2020.0, p);
    chips.appraise(initial.chip, p);
    let train = chips.useful_training[initial.chip];
    let serve = chips.useful_serving[initial.chip];
    // The first month appraises every chip.
    chips.fp8_share = -1.0;
    for (nation, mut compute) in &mut nations {
        let chips = initial.packages(nation.bloc as usize, nation.market as usize, p)
            * initial.share_of_market[nation.row as usize];
        *compute = NationCompute {
            training_h100e: chips * share * train,
            serving_h100e: chips * (1.0 - share) * serve,
            all_h100e: chips * train,
        };
    }
}

/// Chips in use, and what they do.
#[derive(SystemParam)]
pub struct InstalledChips<'w> {
    market: Res<'w, ChipMarket>,
    chips: Res<'w, ChipTable>,
    realised: Res<'w, RealisedThroughput>,
}

/// What the data centres of each bloc can draw.
#[derive(SystemParam)]
pub struct PowerSupply<'w> {
    paths: Res<'w, PowerPaths>,
    power: ResMut<'w, PowerUse>,
    access: Res<'w, LegalAccess>,
}

impl PowerSupply<'_> {
    /// Adds public money and sets the power for the accelerators of each bloc this month.
    fn set_limits(&mut self, year: f64, p: &Parameters) {
        for bloc in Bloc::ALL {
            // The issuer alone supports energy.
            let public_usd = match bloc {
                Bloc::Issuer => self.access.support_usd[1],
                Bloc::Target | Bloc::Third => 0.0,
            };
            let capacity_gw = self.paths.capacity_gw(bloc, year, p);
            self.power.set_limit(bloc, capacity_gw, public_usd, p);
        }
    }
}

/// System: converts stocks of the chip market into useful compute of nations, as far as it has power.
///
/// Purchases of a market are divided among its nations in proportion to demand, within caps. The stock of a nation keeps its
/// share of the bloc's stock, whose useful throughput changes with number formats and software, so nations always sum to
/// their bloc.
pub fn update_compute(
    run: RunMonth,
    installed: InstalledChips,
    efficiency: Res<ScarcityEfficiency>,
    mut supply: PowerSupply,
    mut totals: ResMut<NationTotals>,
    mut held: ResMut<ComputeStock>,
    mut nations: Query<(&Nation, &mut NationCompute)>,
) {
    let (market, p) = (&*installed.market, &run.future.parameters);
    let kept = 1.0 - p.retirement_per_year / 12.0;
    let skill = efficiency
        .codesign_years
        .map(|years| codesign_skill(years, p));
    let for_training = training_share(run.clock.year, p);
    let public_usd = public_research_usd(supply.access.support_usd[0], p);
    held.measure(
        market,
        &installed.chips,
        &installed.realised,
        skill,
        for_training,
    );
    held.deliver_public_compute(market, public_usd, p);
    let mut grown = [[0.0; 3]; 3];
    for (nation, mut compute) in &mut nations {
        let m = nation.market as usize;
        let share = market.caps.nations[nation.row as usize].part;
        compute.training_h100e = kept * compute.training_h100e + share * held.flow[m][0];
        compute.serving_h100e = kept * compute.serving_h100e + share * held.flow[m][1];
        compute.all_h100e = kept * compute.all_h100e + share * held.flow[m][2];
        let sum = &mut grown[nation.bloc as usize];
        sum[0] += compute.training_h100e;
        sum[1] += compute.serving_h100e;
        sum[2] += compute.all_h100e;
    }
    let t = &mut *totals;
    supply.set_limits(run.clock.year, p);
    for (m, [watts, usd, diverted_watts]) in held.bought.iter().enumerate() {
        supply.power.record_purchases(m, kept, *watts, *usd);
        supply.power.market_w[m] += diverted_watts;
    }
    let on = held.power_chips(market, &installed.chips, &mut supply.power);
    t.powered = on.map(|[_, _, all]| all);
    t.training_by_bloc = [0.0; 3];
    t.serving_by_bloc = [0.0; 3];
    t.all_by_bloc = [0.0; 3];
    t.peak_by_bloc = held.peak;
    let mut worth = [[0.0; 3]; 3];
    for bloc in 0..3 {
        for kind in 0..3 {
            worth[bloc][kind] = held.stock[bloc][kind] / grown[bloc][kind].max(f64::MIN_POSITIVE);
        }
    }
    for (nation, mut compute) in &mut nations {
        let (row, bloc) = (nation.row as usize, nation.bloc as usize);
        compute.training_h100e *= worth[bloc][0];
        compute.serving_h100e *= worth[bloc][1];
        compute.all_h100e *= worth[bloc][2];
        t.training_h100e[row] = on[bloc][0] * compute.training_h100e;
        t.serving_h100e[row] = on[bloc][1] * compute.serving_h100e;
        t.all_h100e[row] = on[bloc][2] * compute.all_h100e;
        t.training_by_bloc[bloc] += t.training_h100e[row];
        t.serving_by_bloc[bloc] += t.serving_h100e[row];
        t.all_by_bloc[bloc] += t.all_h100e[row];
    }
    t.owned_by_bloc = t.all_by_bloc;
    t.public_research_h100e = on[Bloc::Issuer as usize][0] * held.public_h100e;
}

/// Useful compute: for training, for serving, and of all chips by training throughput. Stocks are by bloc, flows of this month
/// by market.
#[derive(Resource, Clone, Debug, Default)]
pub struct ComputeStock {
    pub stock: [[f64; 3]; 3],
    pub flow: Vec<[f64; 3]>,
    /// By market: power of the chips bought this month, W; what they cost, USD; power of the chips that brokers brought, W.
    bought: Vec<[f64; 3]>,
    /// 8-bit peak of the stock by bloc, H100-equivalents.
    pub peak: [f64; 3],
    /// Training compute that public research of the issuer has bought.
    public_h100e: f64,
    /// By bloc and wallet: useful throughput of a chip, by slot.
    worth: [[Vec<f64>; 2]; 3],
    /// By bloc and wallet, and by active chip: throughput for the wallet's purpose and for training, and power, W.
    of_row: [Vec<[f64; 3]>; ROWS],
    /// By buyer: purchases in throughput of its own purpose, in training throughput, and in power, W.
    of_buyer: Vec<[f64; 3]>,
    /// By bloc: chips of a wallet as `2 * slot + wallet`, and their useful throughput per watt, the highest first.
    power_order: [Vec<(u16, f64)>; 3],
}

impl ComputeStock {
    fn reset(&mut self, markets: usize, customers: usize, slots: usize) {
        self.public_h100e = 0.0;
        self.flow.clear();
        self.flow.resize(markets, [0.0; 3]);
        self.bought.clear();
        self.bought.resize(markets, [0.0; 3]);
        for table in &mut self.of_row {
            table.clear();
            table.reserve(slots);
        }
        self.of_buyer.clear();
        self.of_buyer.resize(customers, [0.0; 3]);
        for order in &mut self.power_order {
            order.clear();
            order.reserve(2 * slots);
        }
        for worth in self.worth.iter_mut().flatten() {
            worth.clear();
            worth.resize(slots, 0.0);
        }
    }

    /// Measures stocks: training wallets hold training compute, serving wallets hold serving compute. `for_training` is the share of
    /// diverted chips that train.
    fn measure(
        &mut self,
        market: &ChipMarket,
        chips: &ChipTable,
        realised: &RealisedThroughput,
        codesign_skill: [f64; 3],
        for_training: f64,
    ) {
        self.stock = [[0.0; 3]; 3];
        self.peak = [0.0; 3];
        for &slot in &market.deliveries.in_use {
            let slot = usize::from(slot);
            let plain = chips.useful_training[slot];
            let skilled = chips.useful_codesigned[slot] - plain;
            let serving = realised.0[slot] * chips.useful_serving[slot];
            let peak = chips.peak_h100e[slot];
            for (bloc, skill) in codesign_skill.into_iter().enumerate() {
                // Co-design raises training throughput, not serving throughput.
                let training = realised.0[slot] * (plain + skill * skilled);
                self.worth[bloc][0][slot] = training;
                self.worth[bloc][1][slot] = serving;
                let at = stock_index(slot, bloc, BudgetPurpose::Training);
                let (to_train, to_serve) =
                    (market.deliveries.stock[at], market.deliveries.stock[at + 1]);
                self.stock[bloc][0] += to_train * training;
                self.stock[bloc][1] += to_serve * serving;
                self.stock[bloc][2] += (to_train + to_serve) * training;
                self.peak[bloc] += (to_train + to_serve) * peak;
            }
        }
        self.record_flows(market, chips, for_training);
    }

    /// Adds what the money of public research bought this month in the issuer.
    fn deliver_public_compute(&mut self, market: &ChipMarket, public_usd: f64, p: &Parameters) {
        let layout = &market.layout;
        let of_issuer = |place: usize| layout.bloc_of_market[place] == Bloc::Issuer as usize;
        let delivered = (0..layout.markets).filter(|place| of_issuer(*place));
        let delivered_h100e = delivered.map(|place| self.flow[place][0]).sum();
        let trains = |k: &usize| {
            let c = &layout.customers[*k];
            of_issuer(c.market) && c.wallet == BudgetPurpose::Training && !c.kind.is_broker()
        };
        let payers = (0..layout.customers.len()).filter(trains);
        let all_usd = payers.map(|k| market.money.budget_usd[k]).sum();
        self.public_h100e =
            next_public_compute(self.public_h100e, public_usd, all_usd, delivered_h100e, p);
    }

    /// Notes what chips draw, and gives power to the chips that do most per watt, so that the oldest are idle
    /// where power is short. Returns, by bloc, the share of training, of serving and of all compute that has power.
    fn power_chips(
        &mut self,
        market: &ChipMarket,
        chips: &ChipTable,
        power: &mut PowerUse,
    ) -> [[f64; 3]; 3] {
        let d = &market.deliveries;
        power.chips_w = [0.0; 3];
        for &slot in &d.in_use {
            let slot = usize::from(slot);
            for b in 0..3 {
                let at = stock_index(slot, b, BudgetPurpose::Training);
                let watts = chips.spec[slot].tdp_w;
                power.chips_w[b] += (d.stock[at] + d.stock[at + 1]) * watts;
            }
        }
        std::array::from_fn(|b| {
            let limit_w = power.limit_w[b];
            if limit_w <= 0.0 || power.chips_w[b] <= limit_w {
                return [1.0; 3];
            }
            self.rank_by_watt(b, &d.in_use, chips);
            let mut left_w = limit_w;
            let mut on = [0.0; 3];
            for &(code, _) in &self.power_order[b] {
                let (slot, wallet) = (usize::from(code / 2), usize::from(code % 2));
                let units = d.stock[stock_index(slot, b, BudgetPurpose::Training) + wallet];
                let share = switch_on(units * chips.spec[slot].tdp_w, &mut left_w);
                on[wallet] += share * units * self.worth[b][wallet][slot];
                on[2] += share * units * self.worth[b][0][slot];
            }
            let stock = &self.stock[b];
            std::array::from_fn(|kind| {
                if stock[kind] > 0.0 {
                    (on[kind] / stock[kind]).min(1.0)
                } else {
                    1.0
                }
            })
        })
    }

    /// Sorts the chips of a bloc by useful throughput for their purpose per watt, the highest first. The order of the last
    /// month is nearly right, so insertion is fast.
    fn rank_by_watt(&mut self, bloc: usize, in_use: &[u16], chips: &ChipTable) {
        let (order, worth) = (&mut self.power_order[bloc], &self.worth[bloc]);
        for &slot in &in_use[order.len() / 2..] {
            order.extend([(2 * slot, 0.0), (2 * slot + 1, 0.0)]);
        }
        for (code, per_watt) in order.iter_mut() {
            let slot = usize::from(*code / 2);
            *per_watt = worth[usize::from(*code % 2)][slot] / chips.spec[slot].tdp_w.max(1.0);
        }
        for end in 1..order.len() {
            let chip = order[end];
            let mut at = end;
            while at > 0 && order[at - 1].1 < chip.1 {
                order[at] = order[at - 1];
                at -= 1;
            }
            order[at] = chip;
        }
    }

    /// Records purchases of each market this month; diverted chips count where they are used.
    fn record_flows(&mut self, market: &ChipMarket, chips: &ChipTable, for_training: f64) {
        let layout = &market.layout;
        self.flow.fill([0.0; 3]);
        self.bought.fill([0.0; 3]);
        for (of_row, table) in self.of_row.iter_mut().enumerate() {
            let [training, serving] = &self.worth[of_row / 2];
            let own = [training, serving][of_row % 2];
            table.clear();
            table.extend(market.active.iter().map(|&slot| {
                let slot = usize::from(slot);
                [own[slot], training[slot], chips.spec[slot].tdp_w]
            }));
        }
        for (b, buyer) in market.buyers.list.iter().enumerate() {
            let row = stock_index(0, layout.bloc_of_market[buyer.market], buyer.wallet);
            let mut sums = [0.0; 3];
            for (a, each) in self.of_row[row].iter().enumerate() {
                let units = market.buyers.bought.at(a, b);
                for (sum, each) in sums.iter_mut().zip(each) {
                    *sum += units * each;
                }
            }
            self.of_buyer[b] = sums;
        }
        for (k, customer) in layout.customers.iter().enumerate() {
            let group = usize::from(market.buyers.group_of[k]);
            if !customer.kind.is_broker() {
                let [own, training, watts] = self.of_buyer[group];
                let flow = &mut self.flow[customer.market];
                flow[customer.wallet as usize] += own * market.buyers.share_of_group[k];
                flow[2] += training * market.buyers.share_of_group[k];
                let spent_usd = market.buyers.list.get(group).map_or(0.0, |b| b.spent_usd);
                let bought = &mut self.bought[customer.market];
                bought[0] += watts * market.buyers.share_of_group[k];
                bought[1] += spent_usd * market.buyers.share_of_group[k];
            }
        }
        let [training, serving] = &self.worth[Bloc::Target as usize];
        let (mut for_training_h100e, mut for_serving_h100e, mut diverted_w) = (0.0, 0.0, 0.0);
        for &slot in &market.active {
            let slot = usize::from(slot);
            let units = market.deliveries.diverted_units[slot];
            for_training_h100e += units * training[slot];
            for_serving_h100e += units * serving[slot];
            diverted_w += units * chips.spec[slot].tdp_w;
        }
        let flow = &mut self.flow[layout.target_market];
        flow[0] += for_training * for_training_h100e;
        flow[1] += (1.0 - for_training) * for_serving_h100e;
        flow[2] += for_training_h100e;
        self.bought[layout.target_market][2] += diverted_w;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_money_gets_its_part_of_what_is_delivered_and_no_more() {
        let mut p = Parameters::zero();
        p.retirement_per_year = 0.12;
        assert_eq!(next_public_compute(0.0, 1.0, 4.0, 100.0, &p), 25.0);
        // Scarce chips are scarce for the state as well, and without money nothing is added.
        assert_eq!(next_public_compute(0.0, 1.0, 4.0, 10.0, &p), 2.5);
        assert_eq!(next_public_compute(100.0, 0.0, 4.0, 100.0, &p), 99.0);
        assert_eq!(next_public_compute(0.0, 0.0, 0.0, 100.0, &p), 0.0);
    }
}
