//! The law as data gives the verdicts that are known: rule by rule, day by day, chip by chip.

use std::collections::HashMap;

use chokepoint::config::chips::ChipRow;
use chokepoint::controls::{Attributes, ControlledItem, RuleSet, ThreeValued, Verdict};
use chokepoint::foundation::calendar::{Date, Month};
use rstest::rstest;

use crate::{library, regime};

/// A sale of a chip to China.
fn sale(chip: &ChipRow) -> Attributes {
    let mut symbols = library().law.symbols.clone();
    let mut a = chip.attributes(&mut symbols);
    let china = library().nation("CHN").unwrap().groups(&mut symbols);
    a.ship_to(&china, &china);
    a
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn on(text: &str) -> RuleSet {
    regime("history").rules_in_force(&library().law, day(text))
}

/// Verdicts read by hand from the text of the law: chip, then one column a rule, then one a day.
pub fn matrix() -> (Vec<String>, Vec<Vec<String>>) {
    let mut reader = csv::Reader::from_reader(include_str!("known_verdicts.csv").as_bytes());
    let head = reader.headers().unwrap().iter().map(String::from).collect();
    let rows = reader
        .records()
        .map(|r| r.unwrap().iter().map(String::from).collect())
        .collect();
    (head, rows)
}

#[test]
fn every_condition_holds_for_the_chips_for_which_it_is_known_to_hold() {
    // Column of the matrix: rule. The NAC column is a route through two rules and is covered by the days below.
    let columns = HashMap::from([
        ("2022-10 3A090", "us-2022-10-3a090"),
        ("2023-10 .a", "us-2023-10-3a090a"),
        ("2023-10 .b", "us-2023-10-3a090b"),
        ("2025-04 H20", "us-2025-04-h20"),
        ("2026-01 tariff", "us-2026-01-tariff25"),
    ]);
    let (head, rows) = matrix();
    let mut asked = 0;
    for (at, name) in head.iter().enumerate() {
        let Some(id) = columns.get(name.as_str()) else {
            continue;
        };
        let rule = &library().law.rules[usize::from(library().law.find(id).unwrap())];
        for row in &rows {
            let chip = library().chip(&row[0]).unwrap();
            let holds = rule.condition.eval(&sale(chip));
            let expected = if row[at] == "Y" {
                ThreeValued::Yes
            } else {
                ThreeValued::No
            };
            assert_eq!(holds, expected, "{id} for {}", row[0]);
            asked += 1;
        }
    }
    assert_eq!(asked, 5 * 68);
}

#[rstest]
#[case("CN 2022-12", "2022-12-01")]
#[case("CN 2023-12", "2023-12-01")]
#[case("CN 2025-05", "2025-05-01")]
#[case("CN 2025-09", "2025-09-01")]
#[case("CN 2026-02", "2026-02-01")]
fn every_us_chip_on_sale_has_its_known_verdict(#[case] column: &str, #[case] date: &str) {
    let (head, rows) = matrix();
    let at = head.iter().position(|h| h == column).unwrap();
    let book = on(date);
    let mut asked = 0;
    for row in rows.iter().filter(|r| r[at] != "-") {
        let ruling = book.judge(
            ControlledItem::ChipSale,
            &sale(library().chip(&row[0]).unwrap()),
        );
        let expected = match row[at].as_str() {
            "free" => Verdict::Free,
            "nac" => Verdict::Notify,
            "deny" => Verdict::Denied,
            "case" => Verdict::CaseByCase,
            "case15" | "case25" => Verdict::Levied,
            other => panic!("{other} in the matrix"),
        };
        assert_eq!(ruling.exporter, expected, "{} on {date}", row[0]);
        let levy = match row[at].as_str() {
            "case15" => 0.15,
            "case25" => 0.25,
            _ => 0.0,
        };
        assert_eq!(ruling.levy_share, levy, "levy on {} on {date}", row[0]);
        asked += 1;
    }
    assert!(asked >= 11, "{asked} chips were on sale");
}

#[test]
fn the_case_table_of_every_rule_holds() {
    let library = library();
    for (at, case, _) in &library.cases {
        let rule = &library.law.rules[usize::from(*at)];
        let chip = library.chip(case.chip.get_ref()).unwrap();
        let met = rule.condition.eval(&sale(chip)) == ThreeValued::Yes;
        assert_eq!(met, *case.met.get_ref(), "{} for {}", rule.id, chip.chip);
    }
    assert!(library.cases.len() >= 38, "{} cases", library.cases.len());
}

/// A data-centre chip of TPP 4,799 and 700 GB/s of links, made up, with this die.
fn made_up(die_area_mm2: Option<f64>) -> ChipRow {
    ChipRow {
        chip: "made up".into(),
        hq_country: "USA".into(),
        tpp: Some(4799.0),
        io: Some(700.0),
        datacenter_marketed: Some(true),
        non_planar: Some(true),
        die_area_mm2,
        ..ChipRow::default()
    }
}

#[test]
fn a_chip_just_under_the_line_is_free_until_density_counts() {
    for die in [None, Some(800.0), Some(826.0)] {
        let ruling = on("2022-12-01").judge(ControlledItem::ChipSale, &sale(&made_up(die)));
        assert_eq!(ruling.exporter, Verdict::Free);
    }
    let late = |die| {
        on("2023-12-01")
            .judge(ControlledItem::ChipSale, &sale(&made_up(die)))
            .exporter
    };
    assert_eq!(late(Some(800.0)), Verdict::Denied);
    assert_eq!(late(Some(826.0)), Verdict::Notify);
    assert_eq!(late(None).to_string(), "unknown: die_area_mm2");
}

#[test]
fn a_line_catches_what_stands_on_it_and_not_what_stands_below() {
    let mut chip = made_up(Some(3000.0));
    chip.tpp = Some(4800.0);
    assert_eq!(
        on("2022-12-01")
            .judge(ControlledItem::ChipSale, &sale(&chip))
            .exporter,
        Verdict::Denied
    );
    chip.io = Some(599.9);
    assert_eq!(
        on("2022-12-01")
            .judge(ControlledItem::ChipSale, &sale(&chip))
            .exporter,
        Verdict::Free
    );
}

#[test]
fn a_chinese_designer_is_out_of_reach_and_a_chinese_parent_is_within_it() {
    let library = library();
    let ascend = library.chip("Ascend 910B").unwrap();
    assert_eq!(
        on("2023-12-01")
            .judge(ControlledItem::ChipSale, &sale(ascend))
            .exporter,
        Verdict::Free
    );
    let mut symbols = library.law.symbols.clone();
    let mut a = library.chip("H100 SXM").unwrap().attributes(&mut symbols);
    let singapore = library.nation("SGP").unwrap().groups(&mut symbols);
    let china = library.nation("CHN").unwrap().groups(&mut symbols);
    a.ship_to(&singapore, &singapore);
    assert_eq!(
        on("2023-12-01")
            .judge(ControlledItem::ChipSale, &a)
            .exporter,
        Verdict::Free
    );
    a.ship_to(&singapore, &china);
    assert_eq!(
        on("2023-12-01")
            .judge(ControlledItem::ChipSale, &a)
            .exporter,
        Verdict::Denied
    );
}

#[test]
fn the_importer_has_its_own_verdict() {
    let h20 = sale(library().chip("H20 96GB").unwrap());
    let ruling = on("2025-09-01").judge(ControlledItem::ChipSale, &h20);
    assert_eq!(
        (ruling.exporter, ruling.importer),
        (Verdict::Levied, Verdict::Denied)
    );
    // Without the recorded replies of the importer only the exporter speaks.
    let free = regime("history-free")
        .rules_in_force(&library().law, day("2025-09-01"))
        .judge(ControlledItem::ChipSale, &h20);
    assert_eq!(free.importer, Verdict::Free);
}

#[test]
fn bills_are_never_part_of_history() {
    let history = regime("history");
    for entry in &history.entries {
        let rule = &library().law.rules[usize::from(entry.rule)];
        assert_eq!(rule.status, "law", "{}", rule.id);
    }
    assert!(library().law.rules.iter().any(|r| r.status == "bill"));
}

#[test]
fn a_reason_carries_the_values_of_the_case() {
    let h100 = sale(library().chip("H100 SXM").unwrap());
    let reasons = on("2023-12-01").explain(ControlledItem::ChipSale, &h100, &library().law.symbols);
    assert_eq!(reasons[0].rule, "us-2023-10-3a090a");
    assert!(
        reasons[0].because.contains("tpp [15832] >= 4800"),
        "{}",
        reasons[0].because
    );
    let unknown = on("2023-12-01").explain(
        ControlledItem::ChipSale,
        &sale(&made_up(None)),
        &library().law.symbols,
    );
    assert!(unknown[0].because.contains("performance_density [unknown]"));
}

#[test]
fn a_frozen_regime_knows_nothing_later() {
    let frozen = regime("frozen-2023-06");
    let june = Month::of(2023, 6).last_day();
    assert!(frozen.entries.iter().all(|e| e.announced <= june));
    assert!(frozen.entries.len() < regime("history").entries.len());
}

/// Laws of sales that regimes share copy each other's verdicts where they hold the same rules: each must say what its own
/// books say when they are asked afresh, in every market, of every chip.
#[test]
fn shared_laws_of_sales_say_what_their_own_books_say() {
    use chokepoint::policy::compiled::terms_of;
    let names = [
        "history",
        "diffusion",
        "chokepoints",
        "reactive",
        "history-free",
    ];
    let plan = crate::plan_of(names.map(regime).into(), 1);
    let mut asked = 0;
    for calendar in &plan.calendars {
        for law in &calendar.sales {
            for market in 0..calendar.shipments.len() {
                for slot in 0..calendar.chips.len() {
                    let sale = calendar.sale(slot, market);
                    let terms = terms_of(&law.in_force.judge(ControlledItem::ChipSale, &sale));
                    let at = market * calendar.chips.len() + slot;
                    assert_eq!(law.terms[at], terms, "market {market}, slot {slot}");
                    asked += usize::from(terms.open < 1.0 || terms.licensed());
                }
            }
            for slot in 0..calendar.chips.len() {
                let sale = calendar.sale(slot, calendar.target_market);
                let later = law.announced.judge(ControlledItem::ChipSale, &sale);
                assert_eq!(law.announced_bar[slot], terms_of(&later).open == 0.0);
            }
        }
    }
    assert!(asked > 1000);
}
