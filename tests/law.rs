//! The law never guesses, never reads a name, and says of known sales what their text says.
//!
//! `known_sales.csv` holds sales with their verdicts, one kind after another. `docs/law.md` is made from the rules.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use chokepoint::config::chips::ChipRow;
use chokepoint::config::nations::NationRow;
use chokepoint::config::source::{Configs, Source};
use chokepoint::controls::{
    Attribute, Attributes, ControlledItem, DatedRule, Regime, RuleSet, Ruling, Symbols, Verdict,
};
use chokepoint::foundation::calendar::Date;
use chokepoint::policy::compiled::{design_attributes, terms_of};
use chokepoint::study::Library;
use rayon::prelude::*;

use crate::{golden, library, regime};

/// A change of a row of the table.
type Edit = fn(&mut ChipRow);
/// The name of a cell, and the attributes of the chip without it where they differ.
type EmptiedCell = (&'static str, Option<Attributes>);

/// Every cell of a chip that a rule can read and that a table of one's own may leave out, with how to empty it.
const CELLS: [(&str, Edit); 15] = [
    ("vendor", |c| c.vendor.clear()),
    ("hq_country", |c| c.hq_country.clear()),
    ("first_ship", |c| c.first_ship = None),
    ("status", |c| c.status.clear()),
    ("tpp", |c| {
        // The rates give it again.
        c.tpp = None;
        c.fp16_dense_tflops = None;
        c.int8_dense_tops = None;
        c.fp8_dense_tflops = None;
        c.fp6_dense_tflops = None;
        c.fp4_dense_tflops = None;
        c.int4_dense_tops = None;
    }),
    ("die_area_mm2", |c| c.die_area_mm2 = None),
    ("performance_density", |c| c.performance_density = None),
    ("process_node_nm", |c| c.process_node_nm = None),
    ("non_planar", |c| c.non_planar = None),
    ("interconnect_gbps", |c| c.interconnect_gbps = None),
    ("host_link_gbps", |c| c.host_link_gbps = None),
    ("mem_bandwidth_tbs", |c| c.mem_bandwidth_tbs = None),
    ("mem_capacity_gb", |c| c.mem_capacity_gb = None),
    ("china_specific", |c| c.china_specific = None),
    ("datacenter_marketed", |c| c.datacenter_marketed = None),
];

/// Every day on which the recorded law of chips changes.
fn rule_days() -> Vec<Date> {
    let first: Date = "2020-01-01".parse().unwrap();
    let mut days = regime("history").breakpoints();
    days.retain(|day| *day > first);
    days.push(first);
    days.sort();
    days
}

fn ship(a: &Attributes, to: &NationRow, hq: &NationRow, symbols: &mut Symbols) -> Attributes {
    let mut sale = *a;
    sale.ship_to(&to.groups(symbols), &hq.groups(symbols));
    sale
}

/// Every destination with a buyer at home, and some with a buyer whose parent sits in China.
fn shipments(symbols: &mut Symbols) -> Vec<Attributes> {
    let library = library();
    let china = library.nation("CHN").unwrap();
    let nothing = Attributes::default();
    let mut all: Vec<Attributes> = library
        .nations
        .iter()
        .map(|to| ship(&nothing, to, to, symbols))
        .collect();
    for to in ["SGP", "USA", "ARE", "VNM", "MAC"] {
        all.push(ship(&nothing, library.nation(to).unwrap(), china, symbols));
    }
    all
}

/// The name that an unknown verdict gives.
fn asked_for(verdict: Verdict) -> Option<&'static str> {
    match verdict {
        Verdict::Unknown(attribute) => Some(attribute.name()),
        _ => None,
    }
}

#[test]
fn an_empty_cell_leaves_the_verdict_or_is_named_by_it_for_every_chip_destination_and_day() {
    let mut symbols = library().law.symbols.clone();
    let shipments = shipments(&mut symbols);
    // As shipped, and as tables of one's own are: without what follows from other columns.
    let mut rows: Vec<ChipRow> = library().chips.clone();
    let plain = |chip: &ChipRow| {
        let mut row = chip.clone();
        row.performance_density = None;
        row
    };
    rows.extend(library().chips.iter().map(plain));
    // An emptied cell that changes no attribute changes no verdict.
    let mut cases: Vec<(Attributes, Vec<EmptiedCell>)> = Vec::new();
    let bits = |a: &Attributes| {
        Attribute::ALL
            .iter()
            .map(|x| a.get(*x).to_bits())
            .collect::<Vec<_>>()
    };
    for row in &rows {
        let whole = row.attributes(&mut symbols);
        let emptied = CELLS.map(|(name, empty)| {
            let mut less = row.clone();
            empty(&mut less);
            let less = less.attributes(&mut symbols);
            (name, (bits(&less) != bits(&whole)).then_some(less))
        });
        cases.push((whole, emptied.to_vec()));
    }
    let days = rule_days();
    let history = regime("history");
    let count = |day: &Date| -> [usize; 3] {
        let book = history.rules_in_force(&library().law, *day);
        let mut counts = [0; 3];
        for shipment in &shipments {
            let here = book.specialise_to_shipment(ControlledItem::ChipSale, shipment);
            let judge =
                |a: &Attributes| here.judge(ControlledItem::ChipSale, &a.with_shipment(shipment));
            for (whole, emptied) in &cases {
                let known = judge(whole);
                for (cell, less) in emptied {
                    let Some(less) = less else {
                        counts[0] += 2;
                        counts[1] += 2;
                        continue;
                    };
                    let found = judge(less);
                    let sides = [
                        (known.exporter, found.exporter),
                        (known.importer, found.importer),
                    ];
                    for (before, now) in sides {
                        counts[0] += 1;
                        if before == now {
                            counts[1] += 1;
                        } else {
                            assert_eq!(asked_for(now), Some(*cell), "{day}: {before} became {now}");
                            counts[2] += 1;
                        }
                    }
                    assert!(
                        found.exporter != known.exporter || found.levy_share == known.levy_share
                    );
                }
            }
        }
        counts
    };
    let sum = days
        .par_iter()
        .map(count)
        .reduce(|| [0; 3], |a, b| [a[0] + b[0], a[1] + b[1], a[2] + b[2]]);
    assert_eq!(
        sum[0],
        2 * days.len() * shipments.len() * rows.len() * CELLS.len()
    );
    assert!(sum[2] > 10_000, "hardly a cell matters: {sum:?}");
}

#[test]
fn every_chip_is_judged_alike_under_another_name() {
    let library = library();
    let mut symbols = library.law.symbols.clone();
    let shipments = shipments(&mut symbols);
    let mut pairs: Vec<[Attributes; 2]> = Vec::new();
    for (number, chip) in library.chips.iter().enumerate() {
        let mut other = chip.clone();
        other.chip = format!("part {number}");
        other.key = format!("part-{number}");
        pairs.push([
            chip.attributes(&mut symbols),
            other.attributes(&mut symbols),
        ]);
    }
    // Bills and hypothetical rules as well: each rule alone, to every destination.
    for (at, rule) in library.law.rules.iter().enumerate() {
        for shipment in &shipments {
            for pair in &pairs {
                let [one, other] = pair.map(|a| {
                    let sale = a.with_shipment(shipment);
                    library
                        .law
                        .own_verdict(at as u16, ControlledItem::ChipSale, &sale)
                });
                assert_eq!(one, other, "{} reads a name", rule.id);
            }
        }
    }
    let history = regime("history");
    for day in rule_days() {
        let book = history.rules_in_force(&library.law, day);
        for shipment in &shipments {
            let here = book.specialise_to_shipment(ControlledItem::ChipSale, shipment);
            for pair in &pairs {
                let [one, other] =
                    pair.map(|a| here.judge(ControlledItem::ChipSale, &a.with_shipment(shipment)));
                assert_eq!(one, other, "{day}");
            }
        }
    }
}

#[test]
fn a_variant_of_a_run_is_judged_as_the_part_with_the_same_numbers() {
    let library = library();
    let mut symbols = library.law.symbols.clone();
    let china = library.nation("CHN").unwrap();
    let history = regime("history");
    let mut asked = 0;
    for (variant, parent) in [
        ("A800 80GB SXM", "A100 80GB SXM"),
        ("H800 SXM", "H100 SXM"),
        ("H20 96GB", "H100 SXM"),
        ("L20", "L40S"),
        ("RTX PRO 6000D (B40)", "RTX PRO 6000 Blackwell"),
        ("Instinct MI308X", "Instinct MI300X"),
        ("Gaudi2 (HL-225B China)", "Gaudi2 (HL-225H)"),
    ] {
        let [sold, parent] = [variant, parent].map(|name| {
            let a = library.chip(name).unwrap().attributes(&mut symbols);
            ship(&a, china, china, &mut symbols)
        });
        let spec = library.chip(variant).unwrap().spec(|_| 1.0);
        let designed = design_attributes(&parent, &spec);
        for day in rule_days() {
            let book = history.rules_in_force(&library.law, day);
            let [one, other] =
                [sold, designed].map(|sale| book.judge(ControlledItem::ChipSale, &sale));
            assert_eq!(one, other, "{variant} on {day}");
            asked += usize::from(one.exporter != Verdict::Free);
        }
    }
    assert!(asked > 100, "{asked}");
}

/// What the history of rules says of a sale.
fn ruling_on(book: &RuleSet, row: &csv::StringRecord) -> Ruling {
    let library = library();
    let mut symbols = library.law.symbols.clone();
    let mut chip = library.chip(&row[4]).unwrap().clone();
    for emptied in row[5].split(';').filter(|cell| !cell.is_empty()) {
        let (_, empty) = CELLS.iter().find(|(name, _)| *name == emptied).unwrap();
        empty(&mut chip);
    }
    let to = library.nation(&row[2]).unwrap();
    let home = if row[3].is_empty() { &row[2] } else { &row[3] };
    let hq = library.nation(home).unwrap();
    let a = chip.attributes(&mut symbols);
    book.judge(ControlledItem::ChipSale, &ship(&a, to, hq, &mut symbols))
}

#[test]
fn known_sales_have_their_verdicts_and_name_the_rule_that_decides() {
    let mut reader = csv::Reader::from_reader(include_str!("known_sales.csv").as_bytes());
    let head = [
        "kind", "on", "to", "buyer_hq", "chip", "emptied", "exporter", "importer", "rule", "source",
    ];
    assert_eq!(reader.headers().unwrap(), head.as_slice());
    let history = regime("history");
    let mut kinds: Vec<String> = Vec::new();
    for row in reader.records().map(Result::unwrap) {
        let day: Date = row[1].parse().unwrap();
        let ruling = ruling_on(&history.rules_in_force(&library().law, day), &row);
        let rule = ruling
            .decided_by()
            .map_or("", |at| library().law.rules[usize::from(at)].id.as_str());
        let found = [ruling.exporter.to_string(), ruling.importer.to_string()];
        assert_eq!(
            [found[0].as_str(), found[1].as_str(), rule],
            [&row[6], &row[7], &row[8]],
            "{row:?}"
        );
        kinds.push(row[0].to_string());
    }
    let named: BTreeSet<&String> = kinds.iter().collect();
    for kind in named {
        let cases = kinds.iter().filter(|k| *k == kind).count();
        assert!(cases >= 10, "{kind}: {cases} cases");
    }
}

/// Rules of one act, written for a test.
fn rules_of(rules: &[(&str, &str, &str, &str)]) -> (Library, Regime) {
    let mut text = "title = \"test\"\nissuer = \"USA\"\ncitation = \"made up\"\nsource = \"made up\"\nurl = \"\"\n\
        status = \"hypothetical\"\n"
        .to_string();
    for (id, instrument, licence, more) in rules {
        let _ = write!(
            text,
            "[[rule]]\nid = \"{id}\"\ninstrument = \"{instrument}\"\ndescription = \"test\"\nannounced = 2024-01-01\n\
             compliance = 2024-01-01\nenforced = true\nconfidence = \"low\"\ncondition = \"tpp >= 4800\"\nlicence = \"{licence}\"\n\
             dates_source = \"made up\"\napplies_to = {{ origin = \"us\", destinations = [\"CHN\"] }}\n{more}\n"
        );
    }
    let source = Source {
        name: "test.toml".into(),
        text,
    };
    let library = Library::read(Configs::embedded(), &[source]).unwrap_or_else(|e| panic!("{e}"));
    let day: Date = "2024-01-01".parse().unwrap();
    let entry = |(id, ..): &(&str, &str, &str, &str)| DatedRule {
        rule: library.law.find(id).unwrap(),
        announced: day,
        text: day,
        compliance: day,
        ended: None,
        early: Vec::new(),
    };
    let regime = Regime {
        entries: rules.iter().map(entry).collect(),
        ..Regime::default()
    };
    (library, regime)
}

fn h100_to_china(library: &Library, regime: &Regime) -> Ruling {
    let mut symbols = library.law.symbols.clone();
    let china = library.nation("CHN").unwrap();
    let a = library.chip("H100 SXM").unwrap().attributes(&mut symbols);
    let sale = ship(&a, china, china, &mut symbols);
    let book = regime.rules_in_force(&library.law, "2024-06-01".parse().unwrap());
    book.judge(ControlledItem::ChipSale, &sale)
}

#[test]
fn of_two_levies_on_a_sale_the_larger_is_paid_and_a_licence_or_a_cap_does_not_end_it() {
    let share = |x: &str| format!("numbers = {{ levy_share = {x} }}");
    let (small, large) = (share("0.15"), share("0.25"));
    let two = [
        ("test-a", "levy", "levied", &*small),
        ("test-b", "levy", "levied", &*large),
    ];
    for rules in [vec![two[0], two[1]], vec![two[1], two[0]]] {
        let (library, regime) = rules_of(&rules);
        let ruling = h100_to_china(&library, &regime);
        assert_eq!(
            (ruling.exporter, ruling.levy_share),
            (Verdict::Levied, 0.25)
        );
    }
    let limits = [
        ("test-licence", "chip_threshold", "case_by_case", ""),
        (
            "test-cap",
            "country_cap",
            "capped",
            "numbers = { tier2_cap_tpp = 1e9 }",
        ),
    ];
    for limit in limits {
        let (library, regime) = rules_of(&[two[0], limit]);
        let ruling = h100_to_china(&library, &regime);
        let terms = terms_of(&ruling);
        assert_eq!(
            (ruling.levy_share, terms.levy_share),
            (0.15, 0.15),
            "{limit:?}"
        );
        assert!(terms.case_by_case);
        assert_eq!(terms.capped, limit.0 == "test-cap");
    }
    let (library, regime) = rules_of(&[two[0], ("test-no", "chip_threshold", "denied", "")]);
    let ruling = h100_to_china(&library, &regime);
    assert_eq!((ruling.exporter, ruling.levy_share), (Verdict::Denied, 0.0));
}

#[test]
fn a_carve_out_decides_and_two_of_them_both_count() {
    let denied = ("test-line", "chip_threshold", "denied", "");
    let licence = (
        "test-licence",
        "chip_threshold",
        "case_by_case",
        "carves_out = [\"test-line\"]",
    );
    let levy = (
        "test-levy",
        "levy",
        "levied",
        "carves_out = [\"test-line\"]\nnumbers = { levy_share = 0.15 }",
    );
    let decides = |rules: &[(&str, &str, &str, &str)]| {
        let (library, regime) = rules_of(rules);
        let ruling = h100_to_china(&library, &regime);
        let rule = ruling
            .exporter_rule
            .map(|at| library.law.rules[usize::from(at)].id.clone());
        (ruling.exporter, rule.unwrap_or_default())
    };
    assert_eq!(decides(&[denied]), (Verdict::Denied, "test-line".into()));
    assert_eq!(
        decides(&[denied, licence]),
        (Verdict::CaseByCase, "test-licence".into())
    );
    assert_eq!(
        decides(&[denied, licence, levy]),
        (Verdict::Levied, "test-levy".into())
    );
    // Without what it was carved from, a carve-out says nothing.
    let (library, mut regime) = rules_of(&[denied, licence]);
    regime.entries.remove(0);
    assert_eq!(h100_to_china(&library, &regime), Ruling::free());
}

#[test]
fn no_chip_is_judged_before_its_first_month() {
    let rubin = library().chip("Rubin R200").unwrap();
    let first = rubin.first_ship.unwrap();
    assert_eq!(
        rubin.not_on_sale_before("2022-12-01".parse().unwrap()),
        Some(first)
    );
    assert_eq!(rubin.not_on_sale_before(first.first_day()), None);
    let plan = crate::plan_of(vec![regime("history")], 1);
    let table = chokepoint::study::verdicts::verdicts(library(), &plan).unwrap();
    let mut asked = [0; 2];
    for row in &table.rows {
        let chip = library().chip(&row[2]).unwrap();
        let early = row[1] < chip.first_ship.unwrap().to_string();
        assert_eq!(row[3] == "not_on_sale", early, "{row:?}");
        assert_eq!(row[4] == "not_on_sale", early, "{row:?}");
        asked[usize::from(early)] += 1;
    }
    assert!(asked.iter().all(|n| *n > 100), "{asked:?}");
}

/// A table of the page: rules by act, then what was weighed.
fn page() -> String {
    let mut text = include_str!("../docs/law/head.md").to_string();
    let changes = csv_rows(include_str!("../docs/law/changes.csv"));
    let law = &library().law;
    let day = |d: Option<Date>| d.map_or("-".to_string(), |d| d.to_string());
    let cell = |s: &str| s.replace('|', "\\|").replace('\n', " ");
    text += "\n| rule | status | instrument | binds from | to | verdict where met | condition | exceptions | citation | changed in 2026-11 |\n";
    text += "|---|---|---|---|---|---|---|---|---|---|\n";
    for rule in &law.rules {
        let exceptions: Vec<String> = rule
            .exceptions
            .iter()
            .map(|e| format!("{}: {}", e.name, e.licence))
            .collect();
        let changed = changes.iter().find(|row| row[0] == rule.id);
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} | {} | {} | `{}` | {} | {} | {} |",
            rule.id,
            rule.status,
            rule.instrument.name(),
            day(rule.compliance),
            day(rule.ended),
            rule.licence,
            cell(&rule.text),
            cell(&exceptions.join("; ")),
            cell(&rule.citation),
            cell(changed.map_or("", |row| &row[1])),
        );
    }
    text += "\n## Acts weighed and not encoded\n\n| act | issuer | date | citation | reason |\n|---|---|---|---|---|\n";
    for row in csv_rows(include_str!("../docs/law/weighed.csv")) {
        let cells: Vec<String> = row.iter().map(|c| cell(c)).collect();
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    text
}

fn csv_rows(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows = reader.records().map(|r| r.unwrap());
    rows.map(|r| r.iter().map(String::from).collect()).collect()
}

#[test]
fn the_page_of_the_law_is_made_from_the_rules_and_lists_what_was_not_encoded() {
    for row in csv_rows(include_str!("../docs/law/changes.csv")) {
        assert!(library().law.find(&row[0]).is_some(), "no rule {}", row[0]);
    }
    golden::compare_text("docs/law.md", &page());
}
