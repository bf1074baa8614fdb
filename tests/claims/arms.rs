//! Arms of the claims: worlds, rules that only tests need, and regimes made from them.

use std::sync::{Arc, OnceLock};

use chokepoint::config::source::{Configs, Source};
use chokepoint::config::world::LabReleasePolicy;
use chokepoint::controls::{DatedRule, Regime};
use chokepoint::foundation::calendar::Date;
use chokepoint::foundation::channels::Channel;
use chokepoint::study::Library;
use chokepoint::world::Blueprint;

use crate::study_of;

/// Which tables an arm lives with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum World {
    Shipped,
    /// Every lab gives its weights away.
    AllOpen,
    /// No lab gives its weights away.
    AllClosed,
    /// Only the smallest labs give their weights away.
    FewOpen,
    /// The target's own wafers and memory, ten times recorded.
    HomeSupplyTen,
    /// None of them.
    NoHomeSupply,
    /// The issuer's allies make no tools.
    NoAlliedTools,
}

impl World {
    const ALL: [Self; 7] = [
        Self::Shipped,
        Self::AllOpen,
        Self::AllClosed,
        Self::FewOpen,
        Self::HomeSupplyTen,
        Self::NoHomeSupply,
        Self::NoAlliedTools,
    ];

    fn build(self) -> Library {
        let mut library =
            Library::read(Configs::embedded(), &rules()).unwrap_or_else(|e| panic!("{e}"));
        let tables = &mut library.tables;
        let home = |times: f64, tables: &mut chokepoint::config::world::WorldTables| {
            for pool in &mut tables.pools {
                if ["smic_7nm", "hbm_china_domestic"].contains(&pool.pool.as_str()) {
                    pool.value *= times;
                }
            }
        };
        match self {
            Self::Shipped => {}
            Self::AllOpen => tables
                .labs
                .iter_mut()
                .for_each(|l| l.release_policy = LabReleasePolicy::Open),
            Self::AllClosed => tables
                .labs
                .iter_mut()
                .for_each(|l| l.release_policy = LabReleasePolicy::Closed),
            Self::FewOpen => tables.labs.iter_mut().for_each(|l| {
                l.release_policy =
                    if l.compute_2025_h100e.or(l.compute_2026_h100e).unwrap_or(0.0) < 3000.0 {
                        LabReleasePolicy::Open
                    } else {
                        LabReleasePolicy::Closed
                    };
            }),
            Self::HomeSupplyTen => home(10.0, tables),
            Self::NoHomeSupply => home(1e-6, tables),
            Self::NoAlliedTools => library
                .places
                .tools
                .iter_mut()
                .filter(|t| ["NLD", "JPN"].contains(&t.country.as_str()))
                .for_each(|t| t.supplier_share_percent = 0.0),
        }
        library
    }

    pub fn library(self) -> &'static Library {
        static LIBRARIES: [OnceLock<Library>; World::ALL.len()] =
            [const { OnceLock::new() }; World::ALL.len()];
        LIBRARIES[self as usize].get_or_init(|| self.build())
    }
}

/// One side of a comparison.
#[derive(Clone)]
pub struct Arm {
    pub world: World,
    pub regime: Regime,
    pub off: Vec<Channel>,
    pub set: Vec<(&'static str, f64)>,
}

pub fn arm(regime: Regime) -> Arm {
    Arm {
        world: World::Shipped,
        regime,
        off: Vec::new(),
        set: Vec::new(),
    }
}

/// An arm under a shipped regime.
pub fn under(name: &str) -> Arm {
    arm(named(name))
}

impl Arm {
    pub fn off(mut self, channels: &[Channel]) -> Self {
        self.off.extend(channels);
        self
    }

    pub fn with(mut self, set: &[(&'static str, f64)]) -> Self {
        self.set.extend(set);
        self
    }

    pub fn world(mut self, world: World) -> Self {
        self.world = world;
        self
    }

    pub fn library(&self) -> &'static Library {
        self.world.library()
    }

    /// Dates are the same in every world.
    pub fn blueprint(&self) -> &'static Blueprint {
        static ANY: OnceLock<Arc<Blueprint>> = OnceLock::new();
        ANY.get_or_init(|| {
            World::Shipped
                .library()
                .blueprint(&study_of(&["none"]))
                .unwrap()
        })
    }

    pub fn plan_key(&self) -> String {
        format!("{:?} {:?}", self.world, self.set)
    }

    pub fn run_key(&self) -> String {
        format!(
            "{:?} {:?} {:?}",
            self.off, self.regime.entries, self.regime.process
        )
    }

    pub fn label(&self) -> String {
        let mut text = format!("`{}`", self.regime.name);
        let mut notes: Vec<String> = self
            .off
            .iter()
            .map(|c| format!("{} off", c.name()))
            .collect();
        notes.extend(self.set.iter().map(|(id, v)| format!("{id} {v}")));
        if self.world != World::Shipped {
            let words = match self.world {
                World::Shipped => "",
                World::AllOpen => "every lab open",
                World::AllClosed => "every lab closed",
                World::FewOpen => "only small labs open",
                World::HomeSupplyTen => "home supply x 10",
                World::NoHomeSupply => "no home supply",
                World::NoAlliedTools => "allies sell no tools",
            };
            notes.push(words.into());
        }
        if !notes.is_empty() {
            text += &format!(" ({})", notes.join(", "));
        }
        text
    }
}

pub fn named(name: &str) -> Regime {
    World::Shipped
        .library()
        .regime(name)
        .unwrap_or_else(|e| panic!("{e}"))
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

/// A regime under another name, to be changed.
pub fn change(from: &str, name: &str, by: impl FnOnce(&mut Vec<DatedRule>)) -> Regime {
    let mut regime = named(from);
    regime.name = name.into();
    by(&mut regime.entries);
    regime
}

pub fn index(id: &str) -> u16 {
    World::Shipped
        .library()
        .law
        .find(id)
        .unwrap_or_else(|| panic!("no rule {id}"))
}

/// A rule with dates of the test's own, for ever.
pub fn entry(id: &str, announced: &str, compliance: &str) -> DatedRule {
    DatedRule {
        rule: index(id),
        announced: day(announced),
        text: day(announced),
        compliance: day(compliance),
        ended: None,
        early: Vec::new(),
    }
}

/// A rule with its own dates, for ever.
pub fn rule(id: &str) -> DatedRule {
    let rule = &World::Shipped.library().law.rules[usize::from(index(id))];
    DatedRule {
        rule: index(id),
        announced: rule.announced.unwrap().min(rule.compliance.unwrap()),
        text: rule.announced.unwrap().min(rule.compliance.unwrap()),
        compliance: rule.compliance.unwrap(),
        ended: None,
        early: Vec::new(),
    }
}

pub fn without(entries: &mut Vec<DatedRule>, ids: &[&str]) {
    entries.retain(|e| !ids.iter().any(|id| index(id) == e.rule));
}

/// `none` and these rules.
pub fn only(name: &str, ids: &[&str]) -> Regime {
    change("none", name, |e| e.extend(ids.iter().map(|id| rule(id))))
}

/// The rules of the issuer and its allies announced by a day, replies left to the model.
pub fn free_to(until: &str) -> Regime {
    let last = day(until);
    change(
        "history-free",
        &format!("free-{}", &until[..7]),
        |entries| {
            entries.retain(|e| e.text.min(e.compliance) <= last);
            for entry in entries {
                if entry.ended.is_some_and(|ended| ended > last) {
                    entry.ended = None;
                }
            }
        },
    )
}

/// The October 2023 line with other days, on top of the October 2022 line.
pub fn oct23_announced(name: &str, announced: &str, compliance: &str) -> Regime {
    change("oct22", name, |e| {
        e.push(entry("us-2023-10-3a090a", announced, compliance));
        e.push(entry("us-2023-10-3a090b", announced, compliance));
    })
}

/// The same, dropped on the day before it would bind.
pub fn oct23_dropped(announced: &str, compliance: &str) -> Regime {
    let mut regime = oct23_announced("oct23 dropped", announced, compliance);
    let before = day(compliance).yesterday().unwrap();
    for entry in &mut regime.entries {
        if entry.announced == day(announced) {
            entry.ended = Some(before);
        }
    }
    regime
}

/// The October 2023 line with every rule on inputs.
pub fn chips_and_inputs() -> Regime {
    change("oct23", "oct23 and inputs", |entries| {
        let inputs = named("chokepoints").entries.into_iter();
        let new: Vec<DatedRule> = inputs
            .filter(|e| entries.iter().all(|there| there.rule != e.rule))
            .collect();
        entries.extend(new);
    })
}

/// Access to served models denied for ever, on top of `history-free`.
pub fn access_denied() -> Regime {
    let at = index("us-2026-06-model-access");
    change("history-free", "access denied", |entries| {
        for entry in entries.iter_mut().filter(|e| e.rule == at) {
            entry.ended = None;
        }
    })
}

/// `history-free` without the rule on access.
pub fn access_open() -> Regime {
    change("history-free", "access open", |e| {
        without(e, &["us-2026-06-model-access"]);
    })
}

/// Text of a rule that only tests know.
pub struct MadeUp<'a> {
    pub id: &'a str,
    pub issuer: &'a str,
    pub instrument: &'a str,
    pub condition: &'a str,
    pub licence: &'a str,
    pub to: &'a str,
    /// Further lines of the rule.
    pub more: &'a str,
}

impl MadeUp<'_> {
    pub fn source(&self) -> Source {
        let Self {
            id,
            issuer,
            instrument,
            condition,
            licence,
            to,
            more,
        } = self;
        let origin = if *issuer == "CHN" { "foreign" } else { "any" };
        Source {
            name: format!("{id}.toml"),
            text: format!(
                "title = \"test\"\nissuer = \"{issuer}\"\ncitation = \"made up for a test\"\nsource = \"made up for a test\"\nurl = \"\"\n\
                 status = \"hypothetical\"\n[[rule]]\nid = \"{id}\"\ninstrument = \"{instrument}\"\ndescription = \"test\"\n\
                 announced = 2024-01-15\ncompliance = 2024-06-15\nenforced = true\nconfidence = \"low\"\n\
                 condition = \"{condition}\"\nlicence = \"{licence}\"\ndates_source = \"made up for a test\"\n\
                 applies_to = {{ origin = \"{origin}\", destinations = [{to}] }}\n{more}\n"
            ),
        }
    }
}

const TARGET: &str = "\"CHN\", \"HKG\", \"MAC\"";

/// A biting rule of every kind, and its counterpart that is never met: id without the prefix, issuer, licence, destinations, more.
pub const KINDS: [(&str, &str, &str, &str, &str, &str); 15] = [
    ("chip_threshold", "USA", "tpp >= 1000", "denied", TARGET, ""),
    (
        "levy",
        "USA",
        "true",
        "levied",
        TARGET,
        "numbers = { levy_share = 0.2 }",
    ),
    (
        "country_cap",
        "USA",
        "true",
        "capped",
        "\"tier:2\"",
        "numbers = { tier2_cap_tpp = 1e6 }",
    ),
    ("entity_list", "USA", "true", "denied", TARGET, ""),
    ("import_ban", "CHN", "tpp >= 1000", "denied", "\"CHN\"", ""),
    ("equipment", "USA", "true", "denied", TARGET, ""),
    ("memory", "USA", "true", "denied", TARGET, ""),
    ("foundry", "USA", "true", "denied", TARGET, ""),
    ("model_weights", "USA", "true", "denied", "\"tier:2\"", ""),
    ("model_access", "USA", "true", "denied", "\"foreign\"", ""),
    ("remote_access", "USA", "true", "denied", "\"foreign\"", ""),
    (
        "input_restriction",
        "CHN",
        "true",
        "denied",
        "\"world\"",
        "",
    ),
    (
        "promotion",
        "USA",
        "true",
        "free",
        "\"USA\"",
        "numbers = { research_usd_per_year = 1e10, energy_usd_per_year = 1e10, build_out_usd_per_year = 1e10 }",
    ),
    (
        "location_check",
        "USA",
        "true",
        "free",
        "\"foreign\"",
        "numbers = { check_usd = 30.0, detection_multiple = 3.0 }",
    ),
    (
        "rescission",
        "USA",
        "true",
        "free",
        "\"world\"",
        "supersedes = [\"us-2022-10-3a090\"]",
    ),
];

fn rules() -> Vec<Source> {
    let made = |id, instrument, condition, licence, to, more| {
        MadeUp {
            id,
            issuer: "USA",
            instrument,
            condition,
            licence,
            to,
            more,
        }
        .source()
    };
    let mut all = vec![
        made(
            "test-compute-alone",
            "chip_threshold",
            "tpp >= 2400",
            "denied",
            TARGET,
            "",
        ),
        made(
            "test-caps-100",
            "country_cap",
            "us_2023_10_3a090a && !destination_d1 && !destination_d4 && !destination_d5",
            "capped",
            "\"tier:2\"",
            "numbers = { tier2_cap_tpp = 79000000000 }",
        ),
        made(
            "test-weights-above-all",
            "model_weights",
            "training_flop >= 1e40 && !open_weights",
            "denied",
            "\"tier:2\", \"tier:3\"",
            "",
        ),
        made(
            "test-offer",
            "country_cap",
            "true",
            "free",
            "\"tier:2\"",
            "carves_out = [\"us-2023-10-3a090a\", \"us-2023-10-3a090b\"]",
        ),
        made(
            "test-energy",
            "promotion",
            "true",
            "free",
            "\"USA\"",
            "numbers = { energy_usd_per_year = 20e9 }",
        ),
        made(
            "test-build-out",
            "promotion",
            "true",
            "free",
            "\"USA\"",
            "numbers = { build_out_usd_per_year = 20e9 }",
        ),
    ];
    for (kind, issuer, condition, licence, to, more) in KINDS {
        for (prefix, condition) in [("never", "false"), ("biting", condition)] {
            let id = format!("{prefix}-{kind}");
            all.push(
                MadeUp {
                    id: &id,
                    issuer,
                    instrument: kind,
                    condition,
                    licence,
                    to,
                    more,
                }
                .source(),
            );
        }
    }
    all
}
