//! Says in words what a rule reaches among the chips and nations of a library.

use super::Library;
use crate::controls::{
    Attribute, Attributes, Regime, Rule, RuleReach, Ruling, SalesInQuestion, Symbols,
};
use crate::foundation::calendar::{Date, Month};

/// What a rule reaches, in a sentence that begins with its id.
pub struct ReachInWords {
    pub reach: RuleReach,
    pub words: String,
}

/// What each of some rules reaches in a regime that holds them, in the months from `first` to `last`.
pub fn reach_in_words(
    library: &Library,
    regime: &Regime,
    rules: &[u16],
    [first, last]: [Month; 2],
) -> Vec<ReachInWords> {
    let mut symbols: Symbols = library.law.symbols.clone();
    let chips: Vec<Attributes> = library
        .chips
        .iter()
        .map(|chip| chip.attributes(&mut symbols))
        .collect();
    let shipments: Vec<Attributes> = library
        .nations
        .iter()
        .map(|nation| {
            let mut shipment = Attributes::default();
            let groups = nation.groups(&mut symbols);
            shipment.ship_to(&groups, &groups);
            shipment
        })
        .collect();
    let sales = SalesInQuestion {
        law: &library.law,
        regime,
        chips: &chips,
        shipments: &shipments,
        first: first.first_day(),
        last: last.last_day(),
    };
    let said = |at: &u16| {
        let reach = sales.reach(*at);
        let mut words = in_words(library, &sales, *at, &reach);
        if !reach.is_nothing() {
            for name in sales.idle_exceptions(*at) {
                words.push_str(&format!(
                    "; its exception `{name}` decides none of the sales (each chip to each nation) that it reaches"
                ));
            }
        }
        ReachInWords { reach, words }
    };
    rules.iter().map(said).collect()
}

fn in_words(library: &Library, sales: &SalesInQuestion<'_>, at: u16, reach: &RuleReach) -> String {
    let rule = &library.law.rules[usize::from(at)];
    let id = &rule.id;
    match reach {
        RuleReach::NotHeld => format!("`{id}` is no rule of the regime `{}`", sales.regime.name),
        RuleReach::NoDay { from, until } => {
            let until = until.map_or("on".to_string(), |day: Date| format!("to {day}"));
            format!(
                "`{id}` reaches no day: it would bind from {from} {until}, and the months asked about run from {} to {}",
                sales.first, sales.last
            )
        }
        RuleReach::NoChip => format!(
            "`{id}` reaches no chip: none of the {} chips of the table meets its condition `{}`{}",
            sales.chips.len(),
            rule.text,
            ranges(rule, sales.chips)
        ),
        RuleReach::NoSale => format!(
            "`{id}` reaches no sale: its condition `{}` and its `applies_to` together leave out every nation of the table",
            rule.text
        ),
        RuleReach::NoVerdict { sales: reached } => format!(
            "`{id}` reaches {reached} of {} sales (each chip to each nation) and changes no verdict of `{}`: other rules are as strict on each",
            all_sales(sales),
            sales.regime.name
        ),
        RuleReach::Verdicts {
            on,
            changed,
            unlicensed,
            example,
            ..
        } => format!(
            "`{id}` changes from {on} the verdict on {changed} of {} sales (each chip to each nation), {unlicensed} of which needed no licence without it, such as {} to {}: {} without it, {} with it",
            all_sales(sales),
            library.chips[example.chip].chip,
            library.nations[example.shipment].iso3,
            verdict(&example.without),
            verdict(&example.with)
        ),
        RuleReach::OtherItems => format!(
            "`{id}`, on {}, depends on more than the tables of chips and nations: what it reaches shows in a run alone",
            rule.instrument.judged()
        ),
    }
}

fn all_sales(sales: &SalesInQuestion<'_>) -> usize {
    sales.chips.len() * sales.shipments.len()
}

/// The verdict of both sides, the importer's where it is not free, with the share of a levy.
fn verdict(ruling: &Ruling) -> String {
    let mut text = ruling.exporter.to_string();
    if ruling.levy_share > 0.0 {
        text.push_str(&format!(" ({} % of the price)", 100.0 * ruling.levy_share));
    }
    let importer = ruling.importer.to_string();
    if importer != "free" {
        text.push_str(&format!(" (importer: {importer})"));
    }
    text
}

/// From where to where the numbers that a condition reads run among the chips.
fn ranges(rule: &Rule, chips: &[Attributes]) -> String {
    let is_number = |a: &&Attribute| a.is_of_chip() && !a.is_name() && !a.is_truth();
    let read = |a: &&Attribute| rule.condition.reads_attribute(**a);
    let mut text = String::new();
    for attribute in Attribute::ALL.iter().filter(is_number).filter(read) {
        let values = chips.iter().map(|chip| chip.get(*attribute));
        let known: Vec<f64> = values.filter(|x| !x.is_nan()).collect();
        let low = known.iter().copied().reduce(f64::min);
        let high = known.iter().copied().reduce(f64::max);
        if let (Some(low), Some(high)) = (low, high) {
            let (name, unit) = (attribute.name(), attribute.unit());
            text.push_str(&format!(
                "; among them `{name}` runs from {low} to {high} {unit}"
            ));
        }
    }
    text
}
