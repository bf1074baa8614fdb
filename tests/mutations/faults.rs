//! Faults that were once accepted or once broke the program, each as the smallest change to a file that ships, with its answer.

use super::program::{Answer, Said, ask};
use super::{Way, left, root, shipped, show};

/// Refused, with the line of this text in the changed file (anywhere if it is empty), in words of which these are some.
struct Refused(&'static str, &'static [&'static str]);

/// A named fault.
struct Fault {
    name: &'static str,
    way: Way,
    /// A path below `configs/`, or of a figure below `plots/`.
    path: &'static str,
    from: &'static str,
    to: &'static str,
    expected: Refused,
}

const fn rule(
    name: &'static str,
    path: &'static str,
    from: &'static str,
    to: &'static str,
    expected: Refused,
) -> Fault {
    Fault {
        name,
        way: Way::Configs,
        path,
        from,
        to,
        expected,
    }
}

const fn file(
    name: &'static str,
    path: &'static str,
    from: &'static str,
    to: &'static str,
    expected: Refused,
) -> Fault {
    Fault {
        name,
        way: Way::File,
        path,
        from,
        to,
        expected,
    }
}

const OCT23: &str = "rules/us/2023-10-17-advanced-computing.toml";
const LETTERS: &str = "rules/us/2025-04-15-h20-letters.toml";
const SOURCE: &str = "source = \"NVIDIA 8-K 2025-04-15 (licence requirement); 1.4 TB/s line in press; 1,400/1,100/1,700 GB/s in two 2025 bill texts. Numbers are not in a published rule\"";
const H200: &str = "rules/us/2026-01-15-h200.toml";
const TARIFF: &str = "rules/us/2026-01-14-tariff.toml";
const MAIN: &str = "studies/did-controls-work.toml";
const OCT22: &str = "rules/us/2022-10-07-advanced-computing-and-fabs.toml";
const SLACK: &str = "studies/tight-and-slack.toml";
const S4: &str = "studies/s4-h200.toml";

#[rustfmt::skip]
const FAULTS: &[Fault] = &[
    // Free keys.
    rule("a levy with a misspelt share", TARIFF, "levy_share = 0.25", "levy_shrae = 0.25", Refused("levy_shrae", &["levy_share"])),
    rule("a levy of 25", TARIFF, "levy_share = 0.25", "levy_share = 25", Refused("levy_share = 25", &["25"])),
    rule("a levy below zero", TARIFF, "levy_share = 0.25", "levy_share = -0.25", Refused("levy_share", &["-0.25"])),
    rule("a levy that is no number", TARIFF, "levy_share = 0.25", "levy_share = nan", Refused("levy_share", &["levy_share"])),
    rule("a levy without a share", TARIFF, "numbers = { levy_share = 0.25 }\n", "", Refused("", &["levy_share"])),
    rule("a number of another instrument", H200, "home_volume_share = 0.5", "levy_share = 0.5", Refused("levy_share", &["levy_share"])),
    // Names.
    rule("an origin that is none", H200, "origin = \"us\"", "origin = \"USB\"", Refused("USB", &["USB"])),
    rule("a vendor bound early that is none", OCT22, "vendor = \"NVIDIA\"", "vendor = \"NVIDA\"", Refused("NVIDA\"", &["NVIDIA"])),
    rule("a vendor in a condition that is none", H200, "tpp < 21000 &&", "tpp < 21000 && vendor == 'NVIDA' &&", Refused("NVIDA", &["NVIDIA"])),
    rule("a destination in a condition that is none", H200, "tpp < 21000 &&", "tpp < 21000 && destination == 'CHNA' &&", Refused("CHNA", &["CHNA"])),
    rule("a case with a chip that is none", H200, "chip = \"H200 SXM\"", "chip = \"H200 SMX\"", Refused("H200 SMX", &["H200 SXM"])),
    rule("a case with the wrong answer", H200, "met = true", "met = false", Refused("met = false", &["H200 SXM"])),
    rule("a regime that is called otherwise than its file", "regimes/oct23-early.toml", "name = \"oct23-early\"", "name = \"oct23-late\"", Refused("name = \"oct23-late\"", &["`oct23-late`", "`oct23-early`"])),
    rule("an import ban on another nation", "rules/cn/2025-09-15-rtx-pro-6000d.toml", "destinations = [\"CHN\"]", "destinations = [\"IND\"]", Refused("destinations = [\"IND\"]", &["IND", "CHN"])),
    rule("an issuer of a regime that is none", "regimes/reactive.toml", "issuers = [\"USA\"", "issuers = [\"USB\"", Refused("USB", &["USB"])),
    rule("the home of a maker that is none", "world/chipmakers.csv", "nvidia,NVIDIA,USA", "nvidia,NVIDIA,USB", Refused("USB", &["USB"])),
    rule("the home of a lab that is none", "world/labs.csv", "openai,OpenAI,USA", "openai,OpenAI,USB", Refused("USB", &["USB"])),
    rule("the headquarters of a chip that are none", "world/chips.csv", "A100 40GB SXM,USA", "A100 40GB SXM,USB", Refused("USB", &["USB"])),
    rule("an entity of the map that is none", "evidence/map.toml", "\"nvidia:world\"", "\"nvida:world\"", Refused("nvida:world", &["nvida:world"])),
    rule("an entity of what others published that is none", "evidence/beside_others.toml", "entities = [\"target_vs_issuer\"]", "entities = [\"target_vs_isuer\"]", Refused("target_vs_isuer", &["did you mean `target_vs_issuer`?"])),
    file("an entity of a figure that is none", "plots/compute-by-bloc.toml", "entity = \"target\"", "entity = \"targat\"", Refused("targat", &["target"])),
    file("a kind of event of a figure that is none", "plots/timeline.toml", "\"model_released\"", "\"model_relaesed\"", Refused("model_relaesed", &["model_released"])),
    file("a posterior that is none", MAIN, "posterior = \"final\"", "posterior = \"finla\"", Refused("finla", &["final"])),
    // Dates.
    rule("compliance ten years before the announcement", H200, "compliance = 2026-01-15", "compliance = 2016-01-15", Refused("2016-01-15", &["2016-01-15"])),
    rule("published before it was announced", H200, "published = 2026-01-15", "published = 2016-01-15", Refused("2016-01-15", &["2016-01-15"])),
    rule("a firm bound before the announcement", OCT22, "\"NVIDIA\", on = 2022-10-07", "\"NVIDIA\", on = 2012-10-07", Refused("2012-10-07", &["2012-10-07"])),
    rule("the year 1", H200, "announced = 2025-11-21", "announced = 0001-11-21", Refused("0001-11-21", &["0001-11-21"])),
    rule("administrations in reverse", "regimes/reactive.toml", "[\"2029-01\", \"2033-01\"]", "[\"2033-01\", \"2029-01\"]", Refused("administrations", &["2029-01"])),
    rule("a split whose test ends before it begins", "evidence/splits.toml", "test_to = \"2025-06\"", "test_to = \"2023-06\"", Refused("2023-06", &["2023-06"])),
    // Ranges.
    file("a share of an arm of 90", S4, "set = { refusal_probability = 0.0 }", "set = { refusal_probability = 90.0 }", Refused("refusal_probability = 90.0", &["90"])),
    file("a multiplier of a stress below zero", SLACK, "supply_multiplier = 0.6", "supply_multiplier = -3.0", Refused("supply_multiplier = -3.0", &["-3"])),
    file("a share of a stress below zero", SLACK, "capacity_speed = 1.0", "open_share = -3.0", Refused("open_share = -3.0", &["-3"])),
    file("a level that is no share", SLACK, "design = \"sobol\"", "design = \"factorial\"\nlevels = { open_share = [0.1, 15.0] }", Refused("open_share", &["15"])),
    rule("a chip below zero", "world/chips.csv", ",400,15000,false", ",-400,15000,false", Refused("-400", &["-400"])),
    rule("a price that is no number", "world/chips.csv", ",400,15000,false", ",400,NaN,false", Refused("NaN", &["NaN"])),
    rule("an endless capacity", "world/pools.csv", "cowos_s,2020-12,4000", "cowos_s,2020-12,inf", Refused("inf", &["inf"])),
    rule("a pool below zero", "world/pools.csv", "cowos_s,2020-12,4000", "cowos_s,2020-12,-4000", Refused("-4000", &["-4000"])),
    rule("an alignment of 100", "world/nations.csv", "true,-1.0,-1,-1.0", "true,-100.0,-1,-1.0", Refused("-100.0", &["-100"])),
    rule("an output that is no number", "world/nations.csv", ",18748000000000,", ",NaN,", Refused("NaN", &["NaN"])),
    rule("a posterior with a share of 15", "posterior/final.csv", "", "", Refused("", &[""])),
    // No effect.
    file("a window past the end", MAIN, "window_months = 60", "window_months = 240", Refused("window_months", &["240"])),
    file("a window that begins in the last month", MAIN, "window_months = 60", "window_months = 60\nwindow_first = \"2035-12\"", Refused("window_first", &["2035-12"])),
    rule("a rule added twice", "regimes/oct22.toml", "include = [", "include = [\"us-2022-10-3a090\", ", Refused("  \"us-2022-10-3a090\"", &["us-2022-10-3a090"])),
    rule("a rule changed twice", "regimes/oct23-early.toml", "change = [\n", "change = [\n  { rule = \"us-2023-10-3a090a\", compliance = 2022-11-07 },\n", Refused("us-2023-10-3a090a\", announced", &["us-2023-10-3a090a"])),
    rule("issuers without a selection", "regimes/reactive.toml", "select = \"enforced\"\n", "", Refused("issuers", &["select"])),
    file("a target without a lab", MAIN, "target = \"CHN\"", "target = \"IRN\"", Refused("IRN", &["IRN"])),
    // Types.
    rule("a condition that is a number", H200, "condition = \"tpp < 21000 && mem_bandwidth_tbs < 6.5 && on_sale_in_us_2026_01_15\"", "condition = \"tpp\"", Refused("condition = \"tpp\"", &["true or false", "a number"])),
    rule("a name compared with a number", H200, "tpp < 21000 &&", "vendor > 3 &&", Refused("vendor > 3", &["vendor"])),
    rule("a number compared with a name", H200, "tpp < 21000 &&", "tpp == 'H100' &&", Refused("tpp == 'H100'", &["'H100'", "a number"])),
    rule("computation of a model asked of a chip", H200, "tpp < 21000 &&", "training_flop > 1e26 &&", Refused("training_flop", &["training_flop"])),
    // Work without bounds.
    file("4,294,967,295 labs", MAIN, "issuer = \"USA\"", "issuer = \"USA\"\nsynthetic_labs = 4294967295", Refused("synthetic_labs", &["4294967295"])),
    file("a lag of a trillion months", SLACK, "supply_multiplier = 0.6", "capacity_lag_months = 1e12", Refused("capacity_lag_months", &["capacity_lag_months"])),
    // What was wrong in configurations before.
    file("an unknown key in a study", MAIN, "baseline =", "basline =", Refused("basline", &[".toml:6:1: ", "unknown field `basline`", "did you mean `baseline`?"])),
    file("a regime that does not exist", MAIN, "\"history-free\"]", "\"history-fre\"]", Refused("history-fre\"]", &["expected a regime", "did you mean `history-free`?"])),
    file("a measure that does not exist", MAIN, "\"gap_points\"", "\"gap_pionts\"", Refused("gap_pionts", &["expected a measure", "did you mean `gap_points`?"])),
    file("a month that does not exist", MAIN, "\"2020-01\"", "\"2020-13\"", Refused("2020-13", &["found `2020-13`, expected a month such as 2022-10"])),
    rule("a condition that names nothing", OCT23, "tpp >= 4800 ||", "tppp >= 4800 ||", Refused("tppp", &["tppp", "did you mean `tpp`?"])),
    rule("a condition that is no expression", LETTERS, "mem_bandwidth_tbs >= 1.4 ||", "mem_bandwidth_tbs >= 1.4 ||| ", Refused("", &["not a valid condition", "2025-04-15-h20-letters.toml"])),
    rule("a rule that supersedes nothing known", OCT23, "supersedes = [\"us-2022-10-3a090\"", "supersedes = [\"us-2022-10-3a09\"", Refused("us-2022-10-3a09\"", &["expected the id of a rule", "did you mean `us-2022-10-3a090`?"])),
    rule("a day that does not exist", OCT23, "compliance = 2023-11-17", "compliance = 2023-11-31", Refused("2023-11-31", &["2023-10-17-advanced-computing.toml"])),
    rule("an act without a source", LETTERS, SOURCE, "source = \"\"", Refused("source = \"\"", &["expected where the text can be read"])),
    rule("a nation that does not exist", OCT23, "\"MAC\"]", "\"MCA\"]", Refused("", &["found `MCA`", "did you mean `MAC`?"])),
    rule("a parameter with a name that is none", "parameters/market.toml", "id = \"choice_slope\"", "id = \"choise_slope\"", Refused("choise_slope", &["expected a parameter of `market`", "did you mean `choice_slope`?"])),
    rule("a bound of a distribution that is no value", "parameters/demand.toml", "min = 1.0", "min = -1.0", Refused("min = -1.0", &["found -1,", "or no bound"])),
    rule("a value outside its distribution", "parameters/capability.toml", "value = 7.0", "value = 70.0", Refused("70.0", &["found 70", "expected a value from"])),
    file("a figure that is none", MAIN, "\"trade-off\"", "\"trade-of\"", Refused("\"trade-of\"", &["did you mean `trade-off`?"])),
    file("an outcome of a figure that is none", "plots/effects.toml", "gap_months_mean", "gap_month_mean", Refused("", &["expected an outcome"])),
];

/// The file of a fault, and the program's answer to it.
fn shown(fault: &Fault) -> (String, Said) {
    let folder = tempfile::tempdir().unwrap();
    let old = match fault.path.strip_prefix("plots/") {
        Some(name) => std::fs::read_to_string(root().join("plots").join(name)).unwrap(),
        None => shipped(fault.path),
    };
    let new = if fault.name == "a posterior with a share of 15" {
        posterior(&old)
    } else {
        assert!(
            old.contains(fault.from),
            "{}: {} has no `{}`",
            fault.name,
            fault.path,
            fault.from
        );
        old.replacen(fault.from, fault.to, 1)
    };
    let said = show(fault.way, folder.path(), fault.path, new.as_bytes());
    (new, said)
}

/// Samples whose first share is 15 in the first row.
fn posterior(text: &str) -> String {
    let head = text.lines().find(|l| !l.starts_with('#')).unwrap();
    let at = head.split(',').position(|p| p == "open_share").unwrap_or(0);
    let row = text.lines().skip_while(|l| *l != head).nth(1).unwrap();
    let mut cells: Vec<&str> = row.split(',').collect();
    cells[at] = "15";
    text.replacen(row, &cells.join(","), 1)
}

/// Whether the answer is as expected, and if not, why.
fn wrong(fault: &Fault) -> Option<String> {
    let (text, said) = shown(fault);
    let why = match (&fault.expected, &said.answer) {
        (Refused(at, words), Answer::Refused { placed: true, .. }) => {
            let line = text[..text.find(at).unwrap()].matches('\n').count() + 1;
            let name = fault.path.rsplit('/').next().unwrap();
            let there = said.words.contains(&format!("{name}:{line}:"));
            match (
                at.is_empty() || there,
                words.iter().all(|w| said.words.contains(w)),
            ) {
                (true, true) => return None,
                (false, _) => format!("expected the place {name}:{line}"),
                (_, false) => format!("expected {words:?} in the message"),
            }
        }
        (Refused(..), Answer::Refused { .. }) => "refused without a place".into(),
        (_, answer) => format!("{answer:?}"),
    };
    Some(format!("{}: {why}\n{}", fault.name, said.words))
}

/// What takes long or much, by name.
const UNBOUNDED: &[&str] = &[
    "ten rules that name each other",
    "a sum of 20,000 terms",
    "100,000 chips",
    "a name of 70,000 letters",
    "20,000 bad cells",
    "64 parameters of two levels",
    "an honest chain of seven conditions",
];

/// Whether a fault has this name.
pub fn is_fault(name: &str) -> bool {
    FAULTS.iter().any(|f| f.name == name) || UNBOUNDED.contains(&name)
}

fn is_left(name: &str) -> bool {
    assert!(is_fault(name), "no fault has the name `{name}`");
    let named = |[kind, fault, ..]: &[String; 4]| kind == "faults" && fault == name;
    left().iter().any(named)
}

/// Those that `left.csv` names are still wrong: a fault that was mended leaves the list.
#[test]
fn no_fault_comes_back() {
    let mut wrongs = Vec::new();
    for fault in FAULTS {
        match (wrong(fault), is_left(fault.name)) {
            (Some(why), false) => wrongs.push(why),
            (None, true) => wrongs.push(format!(
                "{}: is mended, take it out of left.csv",
                fault.name
            )),
            _ => {}
        }
    }
    assert!(
        wrongs.is_empty(),
        "{} faults:\n{}",
        wrongs.len(),
        wrongs.join("\n")
    );
}

/// Whether an answer to what takes long or much to make is not as it is expected: in bounded time and memory.
fn unbounded(name: &str, way: Way, path: &str, text: &str) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let mut answer = show(way, folder.path(), path, text.as_bytes()).answer;
    if answer == Answer::Accepted && path == "study.toml" {
        let args = ["run", path, "--runs", "1", "--no-report", "--out", "r"];
        answer = ask(folder.path(), &args, path).answer;
    }
    let bad = matches!(answer, Answer::Hung | Answer::Panicked);
    (bad != is_left(name)).then(|| format!("{name}: {answer:?}, in left.csv: {}", !bad))
}

/// Rules whose conditions name each other, `n` of them, in a circle or in a chain.
fn rules(n: usize, circle: bool) -> String {
    let embargo = shipped("rules/hypothetical/embargo.toml");
    let (act, rule) = embargo.split_at(embargo.find("[[rule]]").unwrap());
    let line = |field: &str| rule.lines().find(|l| l.starts_with(field)).unwrap();
    let one = |k: usize| {
        let others: Vec<String> = match (circle, k) {
            (true, _) => (0..n)
                .filter(|j| *j != k)
                .map(|j| format!("r{j}"))
                .collect(),
            (false, 0) => vec!["tpp >= 4800".into()],
            (false, _) => vec![format!("r{}", k - 1)],
        };
        let condition = format!("condition = \"{}\"", others.join(" || "));
        rule.replace(line("id ="), &format!("id = \"r{k}\""))
            .replace(line("condition ="), &condition)
    };
    let all: Vec<String> = (0..n).map(one).collect();
    format!("{act}{}", all.join("\n"))
}

#[test]
fn work_is_bounded_by_what_was_given() {
    let mut wrongs = Vec::new();
    let mut check = |name: &str, way: Way, path: &str, text: &str| {
        wrongs.extend(unbounded(name, way, path, text));
    };
    check(
        "ten rules that name each other",
        Way::Configs,
        "rules/own.toml",
        &rules(10, true),
    );
    let sum = format!("condition = \"{}tpp > 4800\"", "tpp + ".repeat(20_000));
    let rule = shipped(H200);
    let line = rule.lines().find(|l| l.starts_with("condition")).unwrap();
    check(
        "a sum of 20,000 terms",
        Way::Configs,
        H200,
        &rule.replace(line, &sum),
    );
    let row = |k: u32| format!("mine {k},4000,800\n");
    let many: String = (0..100_000).map(row).collect();
    check(
        "100,000 chips",
        Way::Classify,
        "own.csv",
        &format!("chip,tpp,die_area_mm2\n{many}"),
    );
    let long = format!("chip,tpp\n{},4000\n", "x".repeat(70_000));
    check("a name of 70,000 letters", Way::Classify, "own.csv", &long);
    let head = "target_id,series,entity,period,value\n";
    let bad: String = (0..20_000)
        .map(|k| format!("a{k},nvidia_dc_revenue_quarter,NVIDIA,2024-Q1,x\n"))
        .collect();
    check(
        "20,000 bad cells",
        Way::File,
        "series.csv",
        &format!("{head}{bad}"),
    );
    let levels: Vec<String> = super::units()
        .keys()
        .take(64)
        .map(|id| format!("{id} = [0.5, 0.6]"))
        .collect();
    let study = shipped(MAIN).replace("rival_structures = true\n", "")
        + &format!(
            "\n[futures]\ndesign = \"factorial\"\nlevels = {{ {} }}\n",
            levels.join(", ")
        );
    check(
        "64 parameters of two levels",
        Way::File,
        "study.toml",
        &study,
    );
    assert!(wrongs.is_empty(), "{}", wrongs.join("\n"));
}

/// An honest chain of conditions is no circle.
#[test]
fn a_chain_of_seven_conditions_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let said = show(
        Way::Configs,
        folder.path(),
        "rules/own.toml",
        rules(7, false).as_bytes(),
    );
    assert!(
        (said.answer != Answer::Accepted) == is_left("an honest chain of seven conditions"),
        "{:?}\n{}",
        said.answer,
        said.words
    );
}

/// What every other test starts from is accepted: all shipped files at once, and by each way two of a kind as they are. Every file is
/// checked by its place in `inputs`.
#[test]
fn what_ships_is_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let said = ask(folder.path(), &["check", "--format", "json"], "");
    assert_eq!(said.answer, Answer::Accepted, "{}", said.words);
    for kind in super::kinds() {
        for origin in kind.origins.iter().take(2) {
            let folder = tempfile::tempdir().unwrap();
            let said = show(
                kind.way,
                folder.path(),
                &origin.path,
                origin.text.as_bytes(),
            );
            assert_eq!(
                said.answer,
                Answer::Accepted,
                "{} {}: {}",
                kind.name,
                origin.path,
                said.words
            );
        }
    }
}
