//! Templates of rules bind as they are written, and a rule that reaches nothing is said to reach nothing.

use std::path::Path;

use chokepoint::controls::{Attribute, Instrument, RuleReach};
use chokepoint::foundation::calendar::Month;
use chokepoint::results::Results;
use chokepoint::study::reach::{ReachInWords, reach_in_words};

use crate::batch::chokepoint;

/// Standard output and standard error of a command.
fn said(here: &Path, args: &[&str], well: bool) -> (String, String) {
    let out = chokepoint(here).args(args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (out, err, success) = (text(out.stdout), text(out.stderr), out.status.success());
    assert_eq!(success, well, "{args:?}: {out}{err}");
    (out, err)
}

/// What the rules of a file reach beside those of history.
fn reached(file: &Path) -> Vec<ReachInWords> {
    let source = chokepoint::config::source::Source::of_file(file.to_str().unwrap()).unwrap();
    let configs = chokepoint::config::source::Configs::embedded();
    let (library, regime) = chokepoint::cli::law_with(configs, "history-free", &[source]).unwrap();
    let own: Vec<u16> = regime
        .entries
        .iter()
        .rev()
        .take(1)
        .map(|e| e.rule)
        .collect();
    reach_in_words(
        &library,
        &regime,
        &own,
        [Month::of(2020, 1), Month::of(2035, 12)],
    )
}

#[test]
fn a_nation_by_another_of_its_names_is_answered_with_its_code() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let made = ["new", "rule", "--instrument", "country_cap", "my-caps"];
    said(here, &made, true);
    let text = std::fs::read_to_string(here.join("my-caps.toml")).unwrap();
    let named = text
        .replace("issuer = \"USA\"", "issuer = \"US\"")
        .replace("\"MYS\"", "\"Malaysia\"");
    std::fs::write(here.join("my-caps.toml"), named).unwrap();
    let (_, err) = said(here, &["check", "my-caps.toml"], false);
    assert!(
        err.contains("write `USA`") && err.contains("write `MYS`"),
        "{err}"
    );
}

#[test]
fn the_template_of_every_instrument_changes_a_verdict_or_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    for instrument in Instrument::ALL {
        let name = format!("my-{}", instrument.name().replace('_', "-"));
        let file = format!("{name}.toml");
        said(
            here,
            &["new", "rule", "--instrument", instrument.name(), &name],
            true,
        );
        let (out, err) = said(here, &["check", &file], true);
        assert!(out.contains("no errors"), "{out}{err}");
        let reach = reached(&here.join(&file)).remove(0);
        assert!(!reach.reach.is_nothing(), "{}", reach.words);
        if let RuleReach::Verdicts { changed, .. } = reach.reach {
            assert!(changed > 0, "{}", reach.words);
            continue;
        }
        let run = [
            "whatif",
            &file,
            "--runs",
            // Money adds nothing in a future whose power is short throughout: several pairs of futures.
            "8",
            "--no-report",
            "--out",
            &name,
        ];
        said(here, &run, true);
        let results = Results::read(&here.join(&name)).unwrap();
        let moved = results.main_effects().filter(|e| e.mean != 0.0).count();
        assert!(moved > 0, "{name} changes no outcome");
    }
    let (_, err) = said(here, &["new", "rule", "--instrument", "lewy", "x"], false);
    assert!(err.contains("did you mean `levy`?"), "{err}");
    let (_, err) = said(here, &["new", "study", "--instrument", "levy", "x"], false);
    assert!(err.contains("--instrument"), "{err}");
}

#[test]
fn a_rule_that_reaches_nothing_says_so_before_and_after_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    said(here, &["new", "rule", "mine"], true);
    let template = std::fs::read_to_string(here.join("mine.toml")).unwrap();
    let condition = "tpp >= 2400 && datacenter_marketed";
    let scope = r#"destinations = ["D:5", "MAC"], headquarters = ["D:5", "MAC"]"#;
    for (from, to, words) in [
        (condition, "mem_bandwidth_tbs >= 4000", "reaches no chip"),
        (
            condition,
            "mem_bandwidth_tbs >= 4000",
            "`mem_bandwidth_tbs` runs from",
        ),
        (condition, "tpp >= 1e7", "reaches no chip"),
        (condition, "tpp >= 4800 && tpp < 4800", "reaches no chip"),
        (condition, "die_area_mm2 < 11", "reaches no chip"),
        (condition, "vendor == 'TSMC'", "reaches no chip"),
        (condition, "process_node_nm < 1.5", "reaches no chip"),
        (condition, "interconnect_gbps > 1e5", "reaches no chip"),
        (
            scope,
            r#"destinations = ["CHN"], except = ["CHN"]"#,
            "reaches no sale",
        ),
        (
            condition,
            "destination == 'CHN' && destination == 'MAC'",
            "reaches no chip",
        ),
        ("2026-07-01", "2040-07-01", "reaches no day"),
        (scope, r#"destinations = ["PRK"]"#, "changes"),
    ] {
        let text = template.replace(from, to);
        assert_ne!(text, template, "{from}");
        std::fs::write(here.join("mine.toml"), text).unwrap();
        let (out, err) = said(here, &["check", "mine.toml"], true);
        assert!(
            out.contains("no errors") && err.contains(words),
            "{to}: {out}{err}"
        );
    }
    // Small chips do not meet its condition; buyers in the group do.
    let exceptions = |small: &str| {
        let one = |name: &str, condition: &str| {
            format!(
                "\n[[rule.exception]]\nname = \"{name}\"\ndescription = \"test\"\ncondition = \"{condition}\"\nlicence = \"free\"\n"
            )
        };
        one("small", small)
            + &one("group", "destination_d5")
            + &one("again", "destination == 'CHN'")
    };
    let idle = |name: &str| format!("its exception `{name}` decides none of the sales");
    for (small, told) in [("tpp < 1000", true), ("tpp < 5000", false)] {
        std::fs::write(
            here.join("mine.toml"),
            template.clone() + &exceptions(small),
        )
        .unwrap();
        let (_, err) = said(here, &["check", "mine.toml"], true);
        let said: Vec<bool> = ["small", "group", "again"]
            .iter()
            .map(|name| err.contains(&idle(name)))
            .collect();
        assert_eq!(said, [told, false, true], "{err}");
    }
    std::fs::write(
        here.join("mine.toml"),
        template.replace(condition, "tpp >= 1e7"),
    )
    .unwrap();
    let run = [
        "whatif",
        "mine.toml",
        "--runs",
        "1",
        "--no-report",
        "--out",
        "a",
    ];
    let (_, err) = said(here, &run, true);
    assert!(err.contains("note: `mine` reaches no chip"), "{err}");
    let last = err.lines().last().unwrap_or_default();
    assert!(
        last.starts_with("nothing was changed: `mine` reaches no chip"),
        "{err}"
    );
}

#[test]
fn attributes_are_listed_explained_and_found_by_the_names_that_people_use() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let (out, _) = said(here, &["list", "attributes"], true);
    for attribute in Attribute::ALL {
        assert!(
            out.lines().any(|l| l.starts_with(attribute.name())),
            "{}",
            attribute.name()
        );
    }
    let (out, _) = said(here, &["explain", "tpp"], true);
    for words in [
        "total processing performance",
        "TOPS x bit",
        "among the chips of the table",
        "read by",
    ] {
        assert!(out.contains(words), "{out}");
    }
    let (out, err) = said(here, &["explain", "memory bandwidth"], true);
    assert!(
        out.contains("mem_bandwidth_tbs") && err.contains("is read as"),
        "{out}{err}"
    );
    said(here, &["new", "rule", "mine"], true);
    let template = std::fs::read_to_string(here.join("mine.toml")).unwrap();
    for (found, meant) in [
        ("memory_bandwidth", "mem_bandwidth_tbs"),
        ("bandwidth", "mem_bandwidth_tbs"),
        ("tppp", "tpp"),
        ("die_size", "die_area_mm2"),
        ("density", "performance_density"),
        ("nvlink", "interconnect_gbps"),
        ("memory", "mem_capacity_gb"),
        ("node", "process_node_nm"),
        ("pcie", "host_link_gbps"),
        ("mem_bandwith_tbs", "mem_bandwidth_tbs"),
    ] {
        let text = template.replace("tpp >= 2400", &format!("{found} >= 4"));
        std::fs::write(here.join("mine.toml"), text).unwrap();
        let (_, err) = said(here, &["check", "mine.toml"], false);
        let err = err.replace("\n  │ ", " ");
        assert!(
            err.contains(&format!("did you mean `{meant}`?")),
            "{found}: {err}"
        );
        // The help is broken into lines.
        let plain = err.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(plain.contains("list attributes"), "{err}");
    }
}
