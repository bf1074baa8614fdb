//! `chokepoint list` and `chokepoint explain`: list what the program contains, and describe any of it with its source.

use clap::{Args, ValueEnum};

use super::{Answer, Format, csv_text, note, say, say_data, say_json, table, wrong_word};
use crate::config::claim::claim_paths;
use crate::config::parameters::limits;
use crate::config::source::Configs;
use crate::config::study::Arm;
use crate::controls::{Attribute, Instrument};
use crate::foundation::channels::Channel;
use crate::month::Phase;
use crate::outputs::measures::MEASURES;
use crate::outputs::outcomes::OUTCOMES;
use crate::study::Library;

#[derive(Args)]
pub struct ListArgs {
    /// Kind of thing to list; without it, the number of each kind.
    #[arg(value_enum)]
    what: Option<ListKind>,
    /// How the answer is printed.
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ListKind {
    Regimes,
    Rules,
    Instruments,
    Attributes,
    Studies,
    Claims,
    Figures,
    Chips,
    Nations,
    Makers,
    Labs,
    Parameters,
    Measures,
    Outcomes,
    Channels,
}

#[derive(Args)]
pub struct ExplainArgs {
    /// A rule, instrument, attribute, regime, study, claim, chip, nation, chipmaker, lab, parameter, measure or outcome; `month` for the steps of a month.
    name: String,
}

/// One thing that ships: its kind, name, short description and long text.
struct CatalogueEntry {
    kind: ListKind,
    name: String,
    words: String,
    long: String,
}

pub fn list(configs: Configs, args: &ListArgs) -> Answer {
    let library = Library::read(configs, &[])?;
    let all = entries(&library)?;
    let Some(what) = args.what else {
        let mut lines = Vec::new();
        for kind in ListKind::value_variants() {
            let count = all.iter().filter(|e| e.kind == *kind).count();
            lines.push(vec![label(*kind), count.to_string()]);
        }
        return say(&table(&lines));
    };
    let chosen: Vec<&CatalogueEntry> = all.iter().filter(|e| e.kind == what).collect();
    let lines: Vec<Vec<String>> = chosen
        .iter()
        .map(|e| vec![e.name.clone(), e.words.clone()])
        .collect();
    match args.format {
        Format::Table => say(&table(&lines)),
        Format::Csv => say_data(&csv_text(&lines)),
        Format::Json => {
            let rows: Vec<_> = chosen
                .iter()
                .map(|e| serde_json::json!({ "name": e.name, "words": e.words }))
                .collect();
            say_json(&rows)
        }
    }
}

fn label(kind: ListKind) -> String {
    kind.to_possible_value()
        .map_or(String::new(), |v| v.get_name().to_string())
}

/// The name under which the steps of a month are explained.
const MONTH: &str = "month";

pub fn explain(configs: Configs, args: &ExplainArgs) -> Answer {
    if args.name.eq_ignore_ascii_case(MONTH) {
        return say(&describe_month());
    }
    let library = Library::read(configs, &[])?;
    let all = entries(&library)?;
    let found: Vec<&CatalogueEntry> = all
        .iter()
        .filter(|e| e.name.eq_ignore_ascii_case(&args.name))
        .collect();
    if found.is_empty()
        && let Some(meant) = Attribute::meant_by(&args.name)
    {
        let name = meant.name();
        note(&format!("note: `{}` is read as `{name}`\n", args.name));
        let long = describe_attribute(meant, &library);
        return say(&format!("{name} (attributes)\n{long}\n"));
    }
    if found.is_empty() {
        let names = all.iter().map(|e| e.name.as_str());
        let names: Vec<&str> = names.chain([MONTH]).collect();
        return Err(wrong_word(
            "explain",
            &args.name,
            "a name that `chokepoint list` shows, such as a rule, a chip, a country or a parameter",
            &names,
        ));
    }
    let text: Vec<String> = found
        .iter()
        .map(|e| format!("{} ({})\n{}\n", e.name, label(e.kind), e.long.trim_end()))
        .collect();
    say(&text.join("\n"))
}

/// The phases of a month with their systems and the file of each, in order.
fn describe_month() -> String {
    let mut lines = Vec::new();
    for (at, phase) in Phase::ALL.iter().enumerate() {
        lines.push(format!("{}. {phase:?}: {}", at + 1, phase.sentence()));
        for path in phase.systems() {
            let (module, system) = path.rsplit_once("::").unwrap_or(("", path));
            let file = module.split("::").skip(1).collect::<Vec<_>>().join("/");
            lines.push(format!("   {system:<22} src/{file}.rs"));
        }
    }
    lines.join("\n")
}

/// Everything that `chokepoint list` names.
fn entries(library: &Library) -> Result<Vec<CatalogueEntry>, super::Failure> {
    let mut all = ListedThings::default();
    law_entries(library, &mut all)?;
    study_entries(library, &mut all)?;
    world_entries(library, &mut all);
    model_entries(library, &mut all);
    Ok(all.0)
}

#[derive(Default)]
struct ListedThings(Vec<CatalogueEntry>);

impl ListedThings {
    fn add(&mut self, kind: ListKind, name: &str, words: &str, long: String) {
        self.0.push(CatalogueEntry {
            kind,
            name: name.to_string(),
            words: words.to_string(),
            long,
        });
    }
}

/// Regimes, rules, instruments and attributes.
fn law_entries(library: &Library, all: &mut ListedThings) -> Result<(), super::Failure> {
    for name in names(library, "regimes") {
        let regime = library.regime(&name)?;
        let rules: Vec<String> = regime
            .entries
            .iter()
            .map(|e| {
                let ended = e.ended.map_or(String::new(), |d| format!(", ends {d}"));
                format!(
                    "  {} binds {}{ended}",
                    library.law.rules[usize::from(e.rule)].id,
                    e.compliance
                )
            })
            .collect();
        let process = regime
            .process
            .as_ref()
            .map_or(String::new(), |p| describe_process(p, &library.law));
        all.add(
            ListKind::Regimes,
            &name,
            &regime.words,
            format!(
                "{}\n{}\n{}{process}",
                regime.label,
                regime.words,
                rules.join("\n")
            )
            .trim_start()
            .to_string(),
        );
    }
    for rule in &library.law.rules {
        all.add(ListKind::Rules, &rule.id, &rule.words, describe_rule(rule));
    }
    for instrument in Instrument::ALL {
        let words = instrument.words();
        all.add(
            ListKind::Instruments,
            instrument.name(),
            words,
            describe_instrument(instrument),
        );
    }
    for attribute in Attribute::ALL.iter().copied() {
        let words = format!("{} ({})", attribute.words(), attribute.unit());
        let long = describe_attribute(attribute, library);
        all.add(ListKind::Attributes, attribute.name(), &words, long);
    }
    Ok(())
}

/// Studies, claims and figures.
fn study_entries(library: &Library, all: &mut ListedThings) -> Result<(), super::Failure> {
    for name in names(library, "studies") {
        let source = library.configs.find(&name, "studies")?;
        let study = crate::config::study::read(&source, &library.configs)?;
        let long = format!(
            "{}\n{}\narms: {}\nbaseline: {}",
            study.question,
            study.description,
            study
                .arms
                .iter()
                .map(Arm::name)
                .collect::<Vec<_>>()
                .join(", "),
            study.baseline
        );
        all.add(ListKind::Studies, &name, &study.question, long);
    }
    for path in claim_paths(&library.configs) {
        let source = library.configs.read(&path)?;
        let study = crate::config::study::read(&source, &library.configs)?;
        let Some(claim) = study.claim else { continue };
        let long = format!(
            "{}\n{} ({})\n{}\n{}",
            claim.says, claim.holder, claim.source, study.question, study.description
        );
        all.add(ListKind::Claims, &claim.id, &claim.title, long);
    }
    for name in library.configs.figure_names() {
        let source = library.configs.find_figure(&name)?;
        let figure = crate::config::figure::read(&source, &name)?;
        all.add(
            ListKind::Figures,
            &name,
            &figure.title,
            format!("{}\n{}", figure.title, figure.description),
        );
    }
    Ok(())
}

/// Chips, nations, chipmakers and labs.
fn world_entries(library: &Library, all: &mut ListedThings) {
    for chip in &library.chips {
        let words = format!("{} {}", chip.vendor, chip.status.replace('_', " "));
        all.add(ListKind::Chips, &chip.chip, &words, describe_chip(chip));
    }
    for nation in &library.nations {
        let long = format!(
            "{}\nregion: {}\nGDP 2024: {:.0} USD\nsource: {}",
            nation.name, nation.region, nation.gdp_usd_2024, nation.source
        );
        all.add(ListKind::Nations, &nation.iso3, &nation.name, long);
    }
    for maker in library.tables.makers.iter() {
        let range = match (maker.software_maturity, maker.maturity_range()) {
            (_, Some(r)) => format!("{}, each run draws from {} to {}", r.mode, r.low, r.high),
            (Some(value), None) => value.to_string(),
            (None, None) => "the parameter `maturity_target_start`".into(),
        };
        let long = format!(
            "{}, at home in {}\nrole: {:?}\nsoftware maturity in the first month: {range}\nsource: {} ({})\nfile: configs/world/chipmakers.csv",
            maker.name, maker.home, maker.role, maker.source, maker.confidence
        );
        all.add(ListKind::Makers, &maker.key, &maker.name, long);
    }
    for lab in library.tables.labs.iter() {
        let compute = |year: u32, value: Option<f64>| {
            value.map_or(String::new(), |v| {
                format!("\ncompute at the end of {year}: {v:.0} H100-equivalents")
            })
        };
        let long = format!(
            "{}, at home in {}\nrelease of weights: {:?}{}{}\nsource: {} ({})\nfile: configs/world/labs.csv",
            lab.name,
            lab.home,
            lab.release_policy,
            compute(2025, lab.compute_2025_h100e),
            compute(2026, lab.compute_2026_h100e),
            lab.source,
            lab.confidence
        );
        all.add(ListKind::Labs, &lab.key, &lab.name, long);
    }
}

/// Parameters, measures, channels and outcomes.
fn model_entries(library: &Library, all: &mut ListedThings) {
    for p in &library.parameters.0 {
        let prior = p.prior.as_ref().map_or("every run: fixed".into(), |d| {
            format!("every run: drawn; prior {}", d.in_words())
        });
        let limits = limits(&p.id).map_or(String::new(), |(_, low, high)| {
            format!("\naccepted: {low} to {high}")
        });
        let long = format!(
            "{}\nvalue: {} {}\n{prior}{limits}\nsource: {} {} (read on {})\ngrade: {:?} (A measured, B estimated, C secondary source, D judged)\nfile: configs/parameters/{}.toml",
            p.words, p.value, p.unit, p.source, p.url, p.date, p.grade, p.mechanism
        );
        all.add(ListKind::Parameters, &p.id, &p.words, long);
    }
    for m in MEASURES {
        all.add(
            ListKind::Measures,
            m.name,
            m.words,
            format!("{}\nunit: {}, every month", m.words, m.unit),
        );
    }
    for c in Channel::ALL {
        let long = format!("group: {}\noff: {}", c.group(), c.off());
        all.add(ListKind::Channels, c.name(), c.group(), long);
    }
    for m in OUTCOMES {
        all.add(
            ListKind::Outcomes,
            m.name,
            m.words,
            format!("{}\nunit: {}, one number a run", m.words, m.unit),
        );
    }
}

fn names(library: &Library, folder: &str) -> Vec<String> {
    let prefix = format!("{folder}/");
    library
        .configs
        .list(folder, ".toml")
        .iter()
        .map(|p| {
            p.trim_start_matches(&prefix)
                .trim_end_matches(".toml")
                .to_string()
        })
        .collect()
}

fn describe_process(
    process: &crate::controls::PolicyProcess,
    law: &crate::controls::Law,
) -> String {
    let mut text = format!("\n{}", process.describe());
    for rung in &process.ladder {
        let ids: Vec<&str> = rung
            .rules
            .iter()
            .map(|at| law.rules[usize::from(*at)].id.as_str())
            .collect();
        text.push_str(&format!("\n  {}: {}", rung.name, ids.join(", ")));
    }
    text
}

/// Describes an attribute: unit, other names, which rules can read it, what values the chips of the table have.
fn describe_attribute(attribute: Attribute, library: &Library) -> String {
    let mut text = format!("{}\nunit: {}\n", attribute.words(), attribute.unit());
    if !attribute.synonyms().is_empty() {
        text.push_str(&format!(
            "also called: {}\n",
            attribute.synonyms().join(", ")
        ));
    }
    let kinds = Instrument::ALL.into_iter();
    let kinds: Vec<&str> = kinds
        .filter(|kind| kind.knows(attribute))
        .map(Instrument::name)
        .collect();
    text.push_str(&format!(
        "conditions that may ask about it: of {}\n",
        kinds.join(", ")
    ));
    let mut symbols = library.law.symbols.clone();
    let chips: Vec<f64> = library
        .chips
        .iter()
        .map(|chip| chip.attributes(&mut symbols).get(attribute))
        .filter(|x| !x.is_nan())
        .collect();
    let low = chips.iter().copied().reduce(f64::min);
    let high = chips.iter().copied().reduce(f64::max);
    let is_number = !attribute.is_name() && !attribute.is_truth();
    if let (true, true, Some(low), Some(high)) = (attribute.is_of_chip(), is_number, low, high) {
        text.push_str(&format!("among the chips of the table: {low} to {high}\n"));
    }
    let reads = library.law.rules.iter();
    let reads: Vec<&str> = reads
        .filter(|rule| rule.condition.reads_attribute(attribute))
        .map(|rule| rule.id.as_str())
        .collect();
    if !reads.is_empty() {
        text.push_str(&format!("read by: {}\n", reads.join(", ")));
    }
    text
}

/// Describes an instrument: what its rules judge, their attributes, verdicts and `numbers`.
fn describe_instrument(instrument: Instrument) -> String {
    let list = |words: Vec<String>| {
        if words.is_empty() {
            "none".to_string()
        } else {
            words.join(", ")
        }
    };
    let known = Attribute::ALL.iter().filter(|a| instrument.knows(**a));
    let known = known.map(|a| a.name().to_string()).collect();
    let said = instrument.licences().iter().map(ToString::to_string);
    let mut text = format!(
        "{}\njudges: {}\nlicence: {}\nconditions ask about: {}\nnumbers: ",
        instrument.words(),
        instrument.judged(),
        list(said.collect()),
        list(known)
    );
    let numbers = instrument.numbers().iter().map(|n| {
        format!(
            "\n  {} ({}): {}; {}",
            n.name,
            n.need.words(),
            n.range(),
            n.words
        )
    });
    let numbers: String = numbers.collect();
    text.push_str(if numbers.is_empty() { "none" } else { &numbers });
    text
}

fn describe_rule(rule: &crate::controls::Rule) -> String {
    let day = |d: Option<crate::foundation::calendar::Date>| {
        d.map_or("no date".to_string(), |d| d.to_string())
    };
    let mut text = format!(
        "{}\n{}\nissuer: {} ({}; {})\nannounced {}, binds {}, ends {}\nwhere: {}\nthen: {}\n",
        rule.title,
        rule.words,
        rule.issuer,
        rule.instrument.words(),
        rule.status,
        day(rule.announced),
        day(rule.compliance),
        rule.ended.map_or("never".to_string(), |d| d.to_string()),
        rule.text,
        rule.licence
    );
    for e in &rule.exceptions {
        text.push_str(&format!(
            "exception {}: {} Then: {}\n",
            e.name, e.words, e.licence
        ));
    }
    if !rule.facts.is_empty() {
        let facts = rule.facts.iter().map(|(name, x)| format!("{name} {x}"));
        let facts: Vec<String> = facts.collect();
        text.push_str(&format!(
            "facts, which the model does not read: {}\n",
            facts.join(", ")
        ));
    }
    text.push_str(&format!(
        "citation: {} {}\nconfidence: {}\n{}",
        rule.citation, rule.url, rule.confidence, rule.note
    ));
    text
}

fn describe_chip(c: &crate::config::chips::ChipRow) -> String {
    let number = |v: Option<f64>| v.map_or("unknown".to_string(), |v| format!("{v}"));
    format!(
        "{}, {}\nfirst shipped: {}\nTPP: {} ({})\ndie: {} mm2, density {}\nlinks: {} GB/s, host {} GB/s\nmemory: {} GB, {} TB/s\nlist price: {} USD\nsource: {} {}\nconfidence: {}\n{}",
        c.vendor,
        c.status.replace('_', " "),
        c.first_ship
            .map_or("unknown".to_string(), |m| m.to_string()),
        number(c.tpp),
        c.tpp_format,
        number(c.die_area_mm2),
        number(c.performance_density),
        number(c.interconnect_gbps),
        number(c.host_link_gbps),
        number(c.mem_capacity_gb),
        number(c.mem_bandwidth_tbs),
        number(c.list_price_usd),
        c.source,
        c.source_url,
        c.confidence,
        c.notes
    )
}
