//! Mutated inputs of every kind: what must be refused is refused with its place, nothing panics or hangs.
//!
//! Every mutation follows from its kind and one number. `just fuzz MINUTES` tries fresh numbers and prints the table,
//! `just mutation KIND NUMBER` repeats one. `left.csv` lists what is accepted although it should not be, with the reason.

mod change;
mod coverage;
mod faults;
mod fields;
mod layout;
mod parsers;
mod program;
mod sealed;
mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use proptest::arbitrary::any;
use proptest::collection::vec;
use proptest::sample::Index;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use change::{Base, Change, Choices};
use program::{Answer, Said, ask};
use text::of_toml;

/// How a mutated file reaches the program.
#[derive(Clone, Copy)]
enum Way {
    /// As a file of `--configs`, with the whole configuration.
    Configs,
    /// By its name, for `check`.
    File,
    /// A table of chips, for `classify`.
    Classify,
    /// A table of futures beside a study.
    Futures,
    /// The folder of `--configs` itself.
    Layout,
    Block,
    Plan,
    Results,
}

/// A file that mutations start from.
struct Origin {
    /// Its path below `configs/`, or its name.
    path: String,
    text: String,
    fields: &'static str,
}

/// A kind of input.
struct Kind {
    name: String,
    way: Way,
    origins: Vec<Origin>,
}

/// One mutation and what became of it.
struct Attempt {
    mutation: String,
    field: String,
    must: bool,
    /// Whether it has to be accepted.
    same: bool,
    /// The line that was changed, before and after.
    difference: String,
    said: Said,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Files of a folder with this ending, sorted, as paths below `configs/`.
fn files(folder: &str, ending: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root().join("configs").join(folder)];
    while let Some(here) = folders.pop() {
        for entry in std::fs::read_dir(here).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == ending) {
                let below = path.strip_prefix(root().join("configs")).unwrap();
                found.push(below.display().to_string());
            }
        }
    }
    found.sort();
    found
}

fn shipped(path: &str) -> String {
    std::fs::read_to_string(root().join("configs").join(path)).unwrap()
}

/// The kinds, in the order of the table.
fn kinds() -> &'static [Kind] {
    static KINDS: OnceLock<Vec<Kind>> = OnceLock::new();
    KINDS.get_or_init(|| {
        let of = |paths: Vec<String>, fields: &'static str| {
            let origin = |path: String| Origin {
                text: shipped(&path),
                path,
                fields,
            };
            paths.into_iter().map(origin).collect::<Vec<_>>()
        };
        let kind = |name: &str, way: Way, origins: Vec<Origin>| Kind {
            name: name.into(),
            way,
            origins,
        };
        let one = |path: &str, fields| of(vec![path.to_string()], fields);
        let mut all = vec![
            kind(
                "rules",
                Way::Configs,
                of(files("rules", "toml"), fields::RULES),
            ),
            kind(
                "regimes",
                Way::Configs,
                of(files("regimes", "toml"), fields::REGIMES),
            ),
            kind(
                "studies",
                Way::File,
                of(files("studies", "toml"), fields::STUDIES),
            ),
            kind(
                "claims",
                Way::File,
                of(files("claims", "toml"), fields::STUDIES),
            ),
            kind("figures", Way::File, figures()),
            kind(
                "parameters",
                Way::Configs,
                of(files("parameters", "toml"), fields::PARAMETERS),
            ),
            kind(
                "parameters-file",
                Way::File,
                of(files("parameters", "toml"), fields::PARAMETERS),
            ),
        ];
        for (name, path, fields) in [
            ("evidence-series", "evidence/series.csv", fields::SERIES),
            ("evidence-map", "evidence/map.toml", fields::MAP),
            (
                "evidence-beside_others",
                "evidence/beside_others.toml",
                fields::BESIDE,
            ),
            ("evidence-splits", "evidence/splits.toml", fields::SPLITS),
            (
                "evidence-registration",
                "evidence/registration.toml",
                fields::REGISTRATION,
            ),
            (
                "world-chipmakers",
                "world/chipmakers.csv",
                fields::CHIPMAKERS,
            ),
            ("world-chips", "world/chips.csv", fields::CHIPS),
            (
                "evidence-structure",
                "evidence/structure.toml",
                fields::STRUCTURE,
            ),
            ("evidence-looks", "evidence/looks.csv", fields::LOOKS),
            ("events", "rules/events.csv", fields::EVENTS),
            ("trades", "posterior/trades/final.csv", fields::TRADES),
            ("informed", "posterior/informed/final.csv", fields::INFORMED),
            ("world-demand", "world/demand.csv", fields::DEMAND),
            ("world-foundries", "world/foundries.csv", fields::FOUNDRIES),
            ("world-hosts", "world/hosts.csv", fields::ROUTES),
            ("world-hubs", "world/hubs.csv", fields::ROUTES),
            ("world-labs", "world/labs.csv", fields::LABS),
            ("world-models", "world/models.csv", fields::MODELS),
            ("world-nations", "world/nations.csv", fields::NATIONS),
            ("world-pools", "world/pools.csv", fields::POOLS),
            ("world-power", "world/power.csv", fields::POWER),
            ("world-tool_supply", "world/tool_supply.csv", fields::TOOLS),
        ] {
            all.push(kind(name, Way::Configs, one(path, fields)));
        }
        all.push(kind("layout", Way::Layout, Vec::new()));
        all.push(kind("posterior", Way::Configs, posteriors()));
        all.push(kind("futures", Way::Futures, vec![futures()]));
        all.push(kind("own-chips", Way::Classify, own_chips()));
        all.push(kind("blocks", Way::Block, Vec::new()));
        all.push(kind("plans", Way::Plan, Vec::new()));
        all.push(kind("results", Way::Results, Vec::new()));
        all
    })
}

fn figures() -> Vec<Origin> {
    let mut names: Vec<PathBuf> = std::fs::read_dir(root().join("plots"))
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "toml"))
        .collect();
    names.sort();
    let origin = |path: PathBuf| Origin {
        path: path.file_name().unwrap().to_string_lossy().into_owned(),
        text: std::fs::read_to_string(&path).unwrap(),
        fields: fields::FIGURES,
    };
    names.into_iter().map(origin).collect()
}

/// The shipped samples, cut to a few rows: the rest is the same again.
fn posteriors() -> Vec<Origin> {
    let origin = |name: &str| {
        let path = format!("posterior/{name}.csv");
        let text = shipped(&path);
        let rows = text.lines().take(13).map(|l| format!("{l}\n"));
        Origin {
            text: rows.collect(),
            path,
            fields: fields::DRAWS,
        }
    };
    vec![origin("final"), origin("B")]
}

/// A study over a table of futures, without its last line: the name of the table.
const STUDY: &str = "[futures]\ndesign = \"list\"\ntable = \"futures.csv\"\nstress = [{ name = \"tight\", set = { supply_multiplier = 0.6 } }, { name = \"slack\", set = { supply_multiplier = 3.0 } }]\n";

fn futures() -> Origin {
    Origin {
        path: "futures.csv".into(),
        text: "choice_slope,capacity_lag_months,open_share,stress\n2.5,18,0.5,tight\n3.1,24,0.25,slack\n1.9,12,0.75,tight\n".into(),
        fields: fields::DRAWS,
    }
}

fn own_chips() -> Vec<Origin> {
    let small = "chip,vendor,hq_country,tpp,die_area_mm2,performance_density,interconnect_gbps,mem_bandwidth_tbs,status,first_ship\nmine,Mine,USA,4000,800,5,400,2.0,shipping,2023-05\nyours,Yours,CHN,2000,400,5,200,1.0,shipping,2024-01\n";
    vec![
        Origin {
            path: "own.csv".into(),
            text: small.into(),
            fields: fields::OWN_CHIPS,
        },
        Origin {
            path: "own.csv".into(),
            text: shipped("world/chips.csv")
                .lines()
                .take(12)
                .fold(String::new(), |all, l| all + l + "\n"),
            fields: fields::OWN_CHIPS,
        },
    ]
}

/// Every word of the configuration, so that a near miss is none of them.
fn words() -> &'static BTreeSet<String> {
    static WORDS: OnceLock<BTreeSet<String>> = OnceLock::new();
    WORDS.get_or_init(|| {
        let mut all = BTreeSet::new();
        let inside = |l: char| l.is_alphanumeric() || "_-.:".contains(l);
        for ending in ["toml", "csv"] {
            for path in files("", ending)
                .iter()
                .filter(|p| !p.starts_with("posterior"))
            {
                let text = shipped(path);
                all.extend(text.split(|l| !inside(l)).map(str::to_string));
                all.extend(text.split(['"', ',', '\n']).map(str::to_string));
            }
        }
        for figure in figures() {
            all.extend(figure.text.split(|l| !inside(l)).map(str::to_string));
            all.insert(figure.path.trim_end_matches(".toml").to_string());
        }
        all
    })
}

/// The unit of each parameter.
fn units() -> &'static BTreeMap<String, String> {
    static UNITS: OnceLock<BTreeMap<String, String>> = OnceLock::new();
    UNITS.get_or_init(|| {
        let mut all = BTreeMap::new();
        for path in files("parameters", "toml") {
            let mut id = String::new();
            for place in of_toml(&shipped(&path)) {
                match place.path.as_str() {
                    "parameter[].id" => id = place.says,
                    "parameter[].unit" => drop(all.insert(id.clone(), place.says)),
                    _ => {}
                }
            }
        }
        all
    })
}

/// What chance chooses for this kind and number.
fn choices(kind: &Kind, number: u64) -> Choices {
    let mut seed = [0; 32];
    for (at, byte) in kind.name.bytes().enumerate() {
        seed[at % 24] ^= byte;
    }
    seed[24..].copy_from_slice(&number.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let drawn = vec(any::<Index>(), 64).new_tree(&mut runner).unwrap();
    Choices(drawn.current(), 0)
}

/// Makes one mutation and shows it to the program.
fn attempt(kind: &Kind, number: u64) -> Attempt {
    let mut c = choices(kind, number);
    let folder = tempfile::tempdir().unwrap();
    match kind.way {
        Way::Layout => return layout::attempt(&mut c, folder.path()),
        Way::Block => return sealed::block(&mut c, folder.path()),
        Way::Plan => return sealed::plan(&mut c, folder.path()),
        Way::Results => return sealed::results(&mut c, folder.path()),
        _ => {}
    }
    let origin = c.one(&kind.origins).unwrap();
    let base = Base {
        text: &origin.text,
        fields: origin.fields,
        words: words(),
        units: units(),
    };
    let change = if origin.path.ends_with(".toml") {
        change::toml(&base, &mut c)
    } else {
        change::csv(&base, &mut c)
    };
    let mut bytes = origin.text.as_bytes()[..change.at.start].to_vec();
    bytes.extend(&change.with);
    bytes.extend(&origin.text.as_bytes()[change.at.end..]);
    let mut said = show(kind.way, folder.path(), &origin.path, &bytes);
    // What `check` lets through must not stop a plan with a panic.
    if said.answer == Answer::Accepted && number.is_multiple_of(4) {
        let study = if kind.name == "studies" {
            origin.path.rsplit('/').next()
        } else {
            None
        };
        if study.is_some() || matches!(kind.way, Way::Configs) {
            let planned = plan(folder.path(), study);
            if matches!(planned.answer, Answer::Panicked | Answer::Hung) {
                said = planned;
            }
        }
    }
    // What a note names is not silent.
    let named = format!("`{}`", String::from_utf8_lossy(&change.with));
    let noted = matches!(kind.way, Way::Classify)
        && said.answer == Answer::Accepted
        && said.words.contains(&named);
    Attempt {
        mutation: change.mutation.to_string(),
        field: change.field.clone(),
        must: change.must && !noted,
        same: change.same,
        difference: difference(origin, &change, &bytes),
        said,
    }
}

/// Plans a study of a folder, or the main study with the folder's own configuration.
fn plan(folder: &Path, study: Option<&str>) -> Said {
    let args = ["--runs", "1", "--blocks", "1", "--out", "p"];
    let first = match study {
        Some(study) => vec!["plan", study],
        None => vec!["--configs", "c", "plan", "did-controls-work"],
    };
    ask(folder, &[&first[..], &args].concat(), "")
}

/// Writes a file where its way of reaching the program wants it, and asks.
fn show(way: Way, folder: &Path, path: &str, bytes: &[u8]) -> Said {
    let name = path.rsplit('/').next().unwrap();
    let write = |path: &str| {
        let file = folder.join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, bytes).unwrap();
    };
    match way {
        Way::Configs => {
            write(&format!("c/{path}"));
            ask(
                folder,
                &["--configs", "c", "check", "--format", "json"],
                name,
            )
        }
        Way::Futures => {
            write(name);
            let study = shipped("studies/did-controls-work.toml");
            std::fs::write(
                folder.join("study.toml"),
                format!(
                    "{}\n{STUDY}",
                    study
                        .replace("runs = 300", "runs = 3")
                        .replace("rival_structures = true\n", "")
                ),
            )
            .unwrap();
            ask(folder, &["check", "study.toml", "--format", "json"], name)
        }
        Way::Classify => {
            write(name);
            ask(folder, &["classify", name, "--on", "2024-06-01"], name)
        }
        _ => {
            write(name);
            ask(folder, &["check", name, "--format", "json"], name)
        }
    }
}

/// The first line that is not as it was.
fn difference(origin: &Origin, change: &Change, bytes: &[u8]) -> String {
    let new = String::from_utf8_lossy(bytes);
    let line = origin.text[..change.at.start].matches('\n').count();
    let of = |text: &str| {
        text.lines()
            .nth(line)
            .unwrap_or("")
            .chars()
            .take(160)
            .collect::<String>()
    };
    format!(
        "{}:{}\n- {}\n+ {}",
        origin.path,
        line + 1,
        of(&origin.text),
        of(&new)
    )
}

/// What is accepted although it should not be: kind, mutation, field, and why it is left.
fn left() -> &'static [[String; 4]] {
    static LEFT: OnceLock<Vec<[String; 4]>> = OnceLock::new();
    LEFT.get_or_init(|| {
        let mut reader = csv::Reader::from_path(root().join("tests/mutations/left.csv")).unwrap();
        let row = |r: csv::StringRecord| [0, 1, 2, 3].map(|at| r[at].to_string());
        reader.records().map(|r| row(r.unwrap())).collect()
    })
}

/// The row of `left.csv` that speaks of this mutation.
fn in_left(kind: &Kind, a: &Attempt) -> Option<usize> {
    let is = |pattern: &str, text: &str| pattern == "*" || pattern == text;
    left()
        .iter()
        .position(|[k, m, f, _]| is(k, &kind.name) && is(m, &a.mutation) && is(f, &a.field))
}

/// A row of the table.
#[derive(Default, Clone)]
struct Tally {
    tried: u64,
    must: u64,
    placed: u64,
    unplaced: u64,
    named: u64,
    hinted: u64,
    silent: u64,
    wrongly: u64,
    left: u64,
    panicked: u64,
    hung: u64,
    /// Kind, number, and what happened, of what should not be.
    faults: Vec<String>,
    /// The same of what was refused without a place.
    without: Vec<String>,
    /// Of each row of `left.csv` that was met: how often it was wrong, of how often it could be.
    rows: BTreeMap<usize, (u64, u64)>,
}

impl Tally {
    fn add(&mut self, kind: &Kind, number: u64, a: &Attempt) {
        self.tried += 1;
        self.must += u64::from(a.must);
        let described = |what: &str| {
            format!(
                "{what}: {} of {} (`just mutation {} {number}`)\n{}\n{}\nleft.csv: {},{},\"{}\",",
                a.mutation,
                if a.field.is_empty() {
                    "the file"
                } else {
                    &a.field
                },
                kind.name,
                a.difference,
                a.said.words.lines().take(4).collect::<Vec<_>>().join("\n"),
                kind.name,
                a.mutation,
                a.field
            )
        };
        let mut fault = |what: &str| self.faults.push(described(what));
        let is_wrong = match &a.said.answer {
            Answer::Accepted => a.must,
            Answer::Refused { .. } => a.same,
            Answer::Panicked | Answer::Hung => true,
        };
        if let Some(row) = in_left(kind, a) {
            let (wrong, of) = self.rows.entry(row).or_default();
            *wrong += u64::from(is_wrong);
            *of += u64::from(a.must || is_wrong);
            if is_wrong {
                self.left += 1;
                return;
            }
        }
        match &a.said.answer {
            Answer::Accepted if a.must => {
                self.silent += 1;
                fault("silent");
            }
            Answer::Accepted => {}
            Answer::Refused { .. } if a.same => {
                self.wrongly += 1;
                fault("wrongly refused");
            }
            Answer::Refused { placed, hinted } => {
                if a.must {
                    self.placed += u64::from(*placed);
                    if !placed {
                        self.unplaced += 1;
                        self.without.push(described("without a place"));
                    }
                    let named =
                        a.mutation.starts_with("near_") || a.mutation.starts_with("misspelt_");
                    self.named += u64::from(named);
                    self.hinted += u64::from(named && *hinted);
                }
            }
            Answer::Panicked => {
                self.panicked += 1;
                fault("panic");
            }
            Answer::Hung => {
                self.hung += 1;
                fault("hang");
            }
        }
    }
}

/// Tries these numbers of a kind on every core.
fn tally(kind: &Kind, numbers: std::ops::Range<u64>, until: Option<Instant>) -> Tally {
    // Where the file that ships is refused, refusing its mutations proves nothing.
    if let Some(origin) = kind.origins.first() {
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
            "{}: {}",
            origin.path,
            said.words
        );
    }
    let next = AtomicU64::new(numbers.start);
    let whole = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let late = until.is_some_and(|u| Instant::now() > u);
                    if number >= numbers.end || late {
                        break;
                    }
                    let attempt = attempt(kind, number);
                    whole.lock().unwrap().push((number, attempt));
                }
            });
        }
    });
    let mut all = whole.into_inner().unwrap();
    all.sort_by_key(|(number, _)| *number);
    let mut tally = Tally::default();
    for (number, attempt) in &all {
        tally.add(kind, *number, attempt);
    }
    tally
}

/// Mutations of each kind that every test run tries.
const FEW: u64 = 16;

const HEAD: &str = "| kind | tried | must be refused | refused with place | without | hints of names | silent | wrongly refused | panic | hang | left, with reason |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n";

fn row(name: &str, t: &Tally) -> String {
    format!(
        "| {name} | {} | {} | {} | {} | {} of {} | {} | {} | {} | {} | {} |\n",
        t.tried,
        t.must,
        t.placed,
        t.unplaced,
        t.hinted,
        t.named,
        t.silent,
        t.wrongly,
        t.panicked,
        t.hung,
        t.left
    )
}

/// A few of each kind, always the same: nothing silent but what `left.csv` says, no panic, no hang.
#[test]
fn a_few_mutations_of_every_kind_are_refused() {
    let mut faults = Vec::new();
    let mut table = HEAD.to_string();
    for kind in kinds() {
        let tally = tally(kind, 0..FEW, None);
        table += &row(&kind.name, &tally);
        faults.extend(tally.faults);
        // A row that speaks of one mutation and field leaves the list once it is mended.
        for (at, (wrong, of)) in tally.rows {
            let row = &left()[at];
            if wrong == 0 && of > 0 && row.iter().all(|cell| cell != "*") {
                faults.push(format!(
                    "is mended, take it out of left.csv: {}",
                    row.join(",")
                ));
            }
        }
    }
    println!("{table}");
    assert!(faults.is_empty(), "{table}\n{}", faults.join("\n\n"));
}

/// `FUZZ_MINUTES` in all, or `FUZZ_TRIES` of each kind; `FUZZ_KIND` alone if it is given. Writes what is wrong, and
/// what was refused without a place, to the file that `FUZZ_INTO` names.
#[test]
#[ignore = "takes as long as it is told to: just fuzz MINUTES"]
fn fresh_mutations_of_every_kind() {
    let number = |name: &str| std::env::var(name).ok().and_then(|v| v.parse::<f64>().ok());
    let only = std::env::var("FUZZ_KIND").ok();
    let chosen: Vec<&Kind> = kinds()
        .iter()
        .filter(|k| only.as_ref().is_none_or(|o| k.name.starts_with(o.as_str())))
        .collect();
    let minutes = number("FUZZ_MINUTES");
    let tries = number("FUZZ_TRIES").map_or(u64::MAX / 4, |n| n as u64);
    let clock = || {
        std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap()
    };
    let start = number("FUZZ_SEED").map_or_else(|| clock().as_secs() << 20, |n| n as u64);
    let mut table = HEAD.to_string();
    let (mut faults, mut without) = (Vec::new(), Vec::new());
    for kind in &chosen {
        let share = minutes.map(|m| Duration::from_secs_f64(60.0 * m / chosen.len() as f64));
        let until = share.map(|s| Instant::now() + s);
        let tally = tally(kind, start..start + tries, until);
        print!("{}", row(&kind.name, &tally));
        table += &row(&kind.name, &tally);
        let into = |f: &String| format!("{}: {f}", kind.name);
        faults.extend(tally.faults.iter().map(into));
        without.extend(tally.without.iter().map(into));
    }
    println!("\n{table}");
    if let Ok(file) = std::env::var("FUZZ_INTO") {
        let all = [&faults[..], &without[..]].concat();
        std::fs::write(file, format!("{table}\n{}\n", all.join("\n\n"))).unwrap();
    }
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        faults.join("\n\n")
    );
}

/// `MUTATION="rules 12"`: what was changed, and what the program says to it.
#[test]
#[ignore = "repeats one mutation: just mutation KIND NUMBER"]
fn one_mutation() {
    let word = std::env::var("MUTATION").expect("MUTATION=\"KIND NUMBER\"");
    let (name, number) = word.split_once(' ').expect("MUTATION=\"KIND NUMBER\"");
    let kind = kinds()
        .iter()
        .find(|k| k.name == name)
        .expect("a kind of the table");
    let number: u64 = number.parse().expect("a number");
    let attempt = attempt(kind, number);
    println!(
        "{} of `{}`, must be refused: {}\n{}\n{:?}\n{}",
        attempt.mutation,
        attempt.field,
        attempt.must,
        attempt.difference,
        attempt.said.answer,
        attempt.said.words
    );
    let fine = match attempt.said.answer {
        Answer::Accepted => !attempt.must,
        Answer::Refused { .. } => !attempt.same,
        Answer::Panicked | Answer::Hung => false,
    };
    assert!(fine);
}

/// Every row of the list names a kind or a fault, and a reason.
#[test]
fn what_is_left_names_kinds_and_says_why() {
    for [kind, mutation, field, reason] in left() {
        let known = match kind.as_str() {
            "faults" => faults::is_fault(mutation),
            "*" => true,
            name => kinds().iter().any(|k| k.name == name),
        };
        assert!(known, "no kind or fault: {kind},{mutation},{field}");
        assert!(
            !mutation.is_empty() && reason.len() > 10,
            "{kind},{mutation},{field}"
        );
    }
}
