//! Figure definitions: which tables a figure draws, how it divides them, and which question it answers.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::diagnostics::{Diagnostic, Problems, read_toml, renamed_key, repeated};
use super::source::{Configs, Source};
use crate::foundation::calendar::Month;
use crate::foundation::name::Name;
use crate::foundation::parameters::Parameters;
use crate::outputs::measures::{MEASURES, measure};
use crate::outputs::outcomes::OUTCOMES;
use crate::outputs::record::ColumnIndex;

/// The measure whose difference to the baseline is followed month by month.
pub const FOLLOWED_MEASURE: &str = "latent_gap_months";
/// Makers or parameters that a figure draws by name, at most.
const MOST_DRAWN: u64 = 100;
/// Futures whose events a results folder keeps.
const KEPT_EVENTS: u64 = 5;

/// A figure: a file under `plots/`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct FigureFile {
    /// The subject, as a sentence without a full stop.
    pub title: String,
    /// How to read it, in one sentence.
    // The key in results folders is older than the key in figure files, and is kept there.
    #[serde(rename(serialize = "words"), alias = "words")]
    pub description: String,
    /// The question of the report that it helps to answer.
    #[serde(default)]
    pub part: ReportQuestion,
    pub draw: FigureKind,
    /// File name without its ending; filled in when read.
    #[serde(default)]
    #[schemars(skip)]
    pub name: Name,
}

/// Questions of the report, in its order.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum ReportQuestion {
    /// Did it work?
    #[default]
    Worked,
    /// At whose cost?
    Cost,
    /// Through what?
    Channels,
    /// How sure?
    Certainty,
    /// What would change the answer?
    Reversal,
    /// What the law says.
    Law,
}

/// The kinds of figure.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum FigureKind {
    /// Median with 50 and 90 % bands over time.
    Fan(FanSpec),
    /// The difference to the baseline in the same future over time, with 50 and 90 % bands, in a panel for each regime.
    Effect(EffectPathSpec),
    /// Small panels: a row a measure, a column a regime.
    Multiples(SmallMultiplesSpec),
    /// Mean shares of the largest makers over time, one panel a regime.
    Shares(SharesSpec),
    /// Paired effects with their intervals.
    Forest(ForestSpec),
    /// From the effect without responses to the effect with all of them.
    Waterfall(WaterfallSpec),
    /// Cells of a table, coloured: chips by dates.
    Heat(HeatmapSpec),
    /// What happened in one run.
    Timeline(TimelineSpec),
    /// The effect where each parameter is low and where it is high.
    Tornado(TornadoSpec),
    /// Two outcomes against each other, future by future, with the regret of each regime.
    Tradeoff(TradeoffSpec),
    /// One parameter against the effect, with the conditions that reverse it.
    Reversal(ReversalSpec),
    /// A tile for each nation, coloured by a column of a table.
    Tiles(TileMapSpec),
    /// Recorded series beside what the model and a simple forecast say of them, one panel a series.
    Hindcast(HindcastSpec),
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct FanSpec {
    /// What is drawn, all in one unit.
    pub lines: Vec<FanLine>,
    #[serde(default)]
    pub scale: AxisScale,
    #[serde(default)]
    pub panels: PanelDimension,
    /// First month drawn; by default that of the study.
    #[serde(default)]
    pub from: Option<String>,
}

/// The difference of a measure to the baseline over time.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct EffectPathSpec {
    /// A measure whose monthly differences are kept: `latent_gap_months`.
    pub measure: String,
    pub entity: String,
    /// First month drawn; by default a year before arms can differ.
    #[serde(default)]
    pub from: Option<String>,
}

/// What has a panel of its own; the other lies side by side in it.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum PanelDimension {
    #[default]
    Regime,
    Line,
}

/// One line with its bands.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct FanLine {
    pub measure: String,
    /// For whom: `issuer`, `target`, `third`, `world`, a nation, a maker.
    pub entity: String,
    /// What stands beside it; by default the entity's name.
    #[serde(default)]
    pub name: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct SmallMultiplesSpec {
    pub rows: Vec<SmallMultiplesRow>,
    #[serde(default)]
    pub from: Option<String>,
}

/// One row of small panels.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct SmallMultiplesRow {
    pub measure: String,
    pub entity: String,
    /// What stands above the row.
    pub name: String,
    #[serde(default)]
    pub scale: AxisScale,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct SharesSpec {
    pub measure: String,
    /// Entities `maker:place` of this place: `world`, `target` or `third`.
    pub place: String,
    /// How many are drawn by name; stacked, the rest are one band.
    pub top: usize,
    #[serde(default)]
    pub style: SharesStyle,
    #[serde(default)]
    pub from: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum SharesStyle {
    #[default]
    Stacked,
    Lines,
    /// Small panels: a row a maker, a column a regime, with 50 and 90 % bands.
    Bands,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct ForestSpec {
    pub outcomes: Vec<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct WaterfallSpec {
    pub outcome: String,
    /// By default the study's last arm.
    #[serde(default)]
    pub regime: Option<String>,
    /// The table of the results folder, and its columns.
    #[serde(default = "shapley")]
    pub table: String,
    #[serde(default = "channel")]
    pub step: String,
    #[serde(default = "value")]
    pub value: String,
    #[serde(default = "error")]
    pub error: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct HeatmapSpec {
    /// The table of the results folder, and its columns.
    pub table: String,
    pub rows: String,
    pub columns: String,
    pub value: String,
    /// If the cells are numbers: their unit.
    #[serde(default)]
    pub unit: String,
    /// If the cells are words: these, from the weakest to the strongest.
    #[serde(default)]
    pub order: Vec<String>,
    /// If the table has a column `regime`: which; by default the study's last arm.
    #[serde(default)]
    pub regime: Option<String>,
    /// Only rows of the table with these texts in these columns.
    #[serde(default)]
    pub only: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct TimelineSpec {
    #[serde(default)]
    pub regime: Option<String>,
    /// The number of the future; the events of the first five are kept.
    #[serde(default)]
    pub run: u32,
    /// Kinds of event left out.
    #[serde(default)]
    pub without: Vec<String>,
    #[serde(default)]
    pub from: Option<String>,
    #[serde(default)]
    pub to: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct TornadoSpec {
    pub outcome: String,
    #[serde(default)]
    pub regime: Option<String>,
    /// How many parameters are drawn.
    pub top: usize,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct TradeoffSpec {
    pub across: OutcomeGoal,
    pub up: OutcomeGoal,
}

/// An outcome and which way is better, for whoever looks at this figure.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct OutcomeGoal {
    pub outcome: String,
    pub better: GoalDirection,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum GoalDirection {
    More,
    Less,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct ReversalSpec {
    pub outcome: String,
    #[serde(default)]
    pub regime: Option<String>,
    /// By default the one with most influence.
    #[serde(default)]
    pub parameter: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct TileMapSpec {
    /// A measure between 0 and 1 whose entities are nations: its median at the end of the window.
    pub measure: String,
    /// What the lowest and the highest value mean.
    pub low: String,
    pub high: String,
    #[serde(default)]
    pub regime: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct HindcastSpec {
    /// A split of the evidence into fit and test; its table is `hindcast-SPLIT.csv`.
    pub split: String,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum AxisScale {
    #[default]
    Linear,
    Log,
}

fn shapley() -> String {
    "shapley".into()
}

fn channel() -> String {
    "channel".into()
}

fn value() -> String {
    "value".into()
}

fn error() -> String {
    "error".into()
}

/// What a figure can name: the columns of a world, its events, the arms of a study.
pub struct KnownEntities<'a> {
    pub columns: &'a ColumnIndex,
    pub events: &'a [&'static str],
    pub arms: &'a [&'a str],
}

/// Names in a figure that are none of a study's: entities of measures, arms, kinds of event.
pub fn unknown(source: &Source, figure: &FigureFile, known: &KnownEntities<'_>) -> Problems {
    let mut problems = Problems::default();
    let mut wrong = |found: &str, expected: &str, names: &[&str]| {
        let message = format!("found `{found}`, expected {expected}");
        problems.0.push(
            Diagnostic::at_text(source, 0, &format!("\"{found}\""), message).nearest(found, names),
        );
    };
    let entities = |measure: &str| -> Vec<&str> {
        let of_it = known.columns.names().iter().filter(|(m, _)| *m == measure);
        of_it.map(|(_, entity)| entity.as_str()).collect()
    };
    let lines: Vec<(&str, &str)> = match &figure.draw {
        FigureKind::Fan(f) => {
            let lines = f.lines.iter();
            lines
                .map(|l| (l.measure.as_str(), l.entity.as_str()))
                .collect()
        }
        FigureKind::Effect(f) => vec![(f.measure.as_str(), f.entity.as_str())],
        FigureKind::Multiples(f) => {
            let rows = f.rows.iter();
            rows.map(|r| (r.measure.as_str(), r.entity.as_str()))
                .collect()
        }
        _ => Vec::new(),
    };
    for (measure, entity) in lines {
        let of_it = entities(measure);
        if !of_it.contains(&entity) {
            wrong(entity, &format!("an entity of `{measure}`"), &of_it);
        }
    }
    if let FigureKind::Timeline(t) = &figure.draw {
        for kind in t
            .without
            .iter()
            .filter(|k| !known.events.contains(&k.as_str()))
        {
            wrong(kind, "a kind of event", known.events);
        }
    }
    if let Some(arm) = figure.draw.regime()
        && !known.arms.is_empty()
        && !known.arms.contains(&arm)
    {
        wrong(arm, "an arm of the study", known.arms);
    }
    problems
}

impl FigureFile {
    /// The words of the file that are drawn.
    pub fn texts(&self) -> Vec<&str> {
        let mut texts = vec![self.title.as_str(), self.description.as_str()];
        match &self.draw {
            FigureKind::Fan(f) => texts.extend(f.lines.iter().filter_map(|l| l.name.as_deref())),
            FigureKind::Multiples(f) => texts.extend(f.rows.iter().map(|r| r.name.as_str())),
            FigureKind::Tiles(f) => texts.extend([f.low.as_str(), f.high.as_str()]),
            _ => {}
        }
        texts
    }
}

impl FigureKind {
    fn regime(&self) -> Option<&str> {
        let named = match self {
            Self::Waterfall(f) => &f.regime,
            Self::Heat(f) => &f.regime,
            Self::Timeline(f) => &f.regime,
            Self::Tornado(f) => &f.regime,
            Self::Reversal(f) => &f.regime,
            Self::Tiles(f) => &f.regime,
            _ => &None,
        };
        named.as_deref()
    }

    fn measures(&self) -> Vec<&str> {
        match self {
            Self::Fan(f) => f.lines.iter().map(|l| l.measure.as_str()).collect(),
            Self::Effect(f) => vec![&f.measure],
            Self::Multiples(f) => f.rows.iter().map(|r| r.measure.as_str()).collect(),
            Self::Shares(f) => vec![&f.measure],
            Self::Tiles(f) => vec![&f.measure],
            _ => Vec::new(),
        }
    }

    fn outcomes(&self) -> Vec<&str> {
        match self {
            Self::Forest(f) => f.outcomes.iter().map(String::as_str).collect(),
            Self::Waterfall(f) => vec![&f.outcome],
            Self::Tornado(f) => vec![&f.outcome],
            Self::Tradeoff(f) => vec![&f.across.outcome, &f.up.outcome],
            Self::Reversal(f) => vec![&f.outcome],
            _ => Vec::new(),
        }
    }

    fn months(&self) -> Vec<&str> {
        let (from, to) = match self {
            Self::Fan(f) => (&f.from, &None),
            Self::Effect(f) => (&f.from, &None),
            Self::Multiples(f) => (&f.from, &None),
            Self::Shares(f) => (&f.from, &None),
            Self::Timeline(f) => (&f.from, &f.to),
            _ => (&None, &None),
        };
        from.iter().chain(to).map(String::as_str).collect()
    }
}

/// Reads figure definitions by name.
///
/// # Errors
/// For files that do not exist and for measures and outcomes that are none.
pub fn read_all(configs: &Configs, names: &[String]) -> Result<Vec<FigureFile>, Problems> {
    names
        .iter()
        .map(|name| read(&configs.find_figure(name)?, name))
        .collect()
}

/// Checks that the figures that a study names exist, and that no two have one name.
///
/// # Errors
/// With the place in the study of each that does not, or that has the name of an earlier one.
pub fn check_names(configs: &Configs, study: &Source, names: &[String]) -> Result<(), Problems> {
    let missing = names.iter().filter_map(|name| {
        let problems = configs.find_figure(name).err()?;
        Some(problems.0.into_iter().map(move |problem| {
            let message = format!("`{name}`: {}", problem.message);
            Diagnostic::at_text(study, 0, &format!("\"{name}\""), message).help(problem.help)
        }))
    });
    Problems(missing.flatten().collect()).check()?;
    one_file_each(study, names).check()
}

/// Figures that would be drawn under one name, so that the later would replace the earlier.
fn one_file_each(study: &Source, names: &[String]) -> Problems {
    let mut problems = Problems::default();
    for (at, name) in names.iter().enumerate() {
        let same = |other: &&String| drawn_as(other) == drawn_as(name);
        if let Some(other) = names[..at].iter().find(same) {
            let message = format!(
                "found `{name}` beside `{other}`, and both are drawn as `{}`, expected a name of its own for each figure",
                drawn_as(name)
            );
            problems.0.push(Diagnostic::at_text(
                study,
                0,
                &format!("\"{name}\""),
                message,
            ));
        }
    }
    problems
}

/// The file name of a figure without its ending.
fn drawn_as(name: &str) -> &str {
    let last = name.rsplit('/').next().unwrap_or(name);
    last.trim_end_matches(".toml")
}

/// Refuses the old key `words`, which only the figures of a results folder may have.
fn refuse_old_key(source: &Source) -> Result<(), Problems> {
    let old = toml::from_str::<toml::Table>(&source.text).is_ok_and(|t| t.contains_key("words"));
    if old {
        let message = renamed_key("words").unwrap_or_default();
        return Err(Diagnostic::at_field(source, "words", message).into());
    }
    Ok(())
}

/// Reads one figure definition.
///
/// # Errors
/// As [`read_all`].
pub fn read(source: &Source, name: &str) -> Result<FigureFile, Problems> {
    refuse_old_key(source)?;
    let mut figure: FigureFile = read_toml(source)?;
    figure.name = Name::new(drawn_as(name))
        .map_err(|wrong| Diagnostic::at(source, 0..0, format!("the name of the file: {wrong}")))?;
    let mut problems = Problems::default();
    let number = |field: &str, found: u64, low: u64, high: u64| {
        let message = format!("found {found}, expected a number from {low} to {high}");
        (!(low..=high).contains(&found)).then(|| Diagnostic::at_field(source, field, message))
    };
    problems.0.extend(match &figure.draw {
        FigureKind::Shares(f) => number("top", f.top as u64, 1, MOST_DRAWN),
        FigureKind::Tornado(f) => number("top", f.top as u64, 1, MOST_DRAWN),
        FigureKind::Timeline(f) => number("run", u64::from(f.run), 0, KEPT_EVENTS - 1),
        _ => None,
    });
    let mut wrong = |found: &str, expected: &str, names: &[&str]| {
        let message = format!("found `{found}`, expected {expected}");
        problems.0.push(
            Diagnostic::at_text(source, 0, &format!("\"{found}\""), message).nearest(found, names),
        );
    };
    let draw = &figure.draw;
    let measures: Vec<&str> = MEASURES.iter().map(|m| m.name).collect();
    for found in draw.measures().iter().filter(|m| measure(m).is_none()) {
        wrong(found, "a measure", &measures);
    }
    if let FigureKind::Effect(f) = draw
        && f.measure != FOLLOWED_MEASURE
    {
        let expected = "a measure whose monthly differences are kept";
        wrong(&f.measure, expected, &[FOLLOWED_MEASURE]);
    }
    let outcomes: Vec<&str> = OUTCOMES.iter().map(|o| o.name).collect();
    for found in draw.outcomes().iter().filter(|o| !outcomes.contains(o)) {
        wrong(found, "an outcome", &outcomes);
    }
    for found in draw.months() {
        if found.parse::<Month>().is_err() {
            wrong(found, "a month such as 2022-10", &[]);
        }
    }
    if let [from, to] = draw.months()[..]
        && let (Ok(first), Ok(last)) = (from.parse::<Month>(), to.parse::<Month>())
        && first >= last
    {
        wrong(to, &format!("a month after {from}"), &[]);
    }
    if let FigureKind::Forest(f) = draw {
        for twice in repeated(&f.outcomes) {
            wrong(twice, "each outcome once", &[]);
        }
    }
    let empty = |what: &str, at: &str| {
        Diagnostic::at_text(
            source,
            0,
            at,
            format!("found no {what}, expected at least one"),
        )
    };
    match draw {
        FigureKind::Fan(fan) => {
            let unit = |line: &FanLine| measure(&line.measure).map(|m| m.unit);
            for line in fan.lines.iter().skip(1) {
                if unit(line) != unit(&fan.lines[0]) {
                    wrong(
                        &line.measure,
                        "a measure in the unit of the first line",
                        &[],
                    );
                }
            }
            if fan.lines.is_empty() {
                problems.0.push(empty("line", "lines"));
            }
        }
        FigureKind::Multiples(f) if f.rows.is_empty() => problems.0.push(empty("row", "rows")),
        FigureKind::Forest(f) if f.outcomes.is_empty() => {
            problems.0.push(empty("outcome", "outcomes"));
        }
        FigureKind::Shares(shares) => {
            let places = ["world", "target", "third"];
            if !places.contains(&shares.place.as_str()) {
                wrong(&shares.place, "`world`, `target` or `third`", &places);
            }
        }
        FigureKind::Reversal(ReversalSpec {
            parameter: Some(found),
            ..
        }) => {
            let names: Vec<&str> = Parameters::NAMES.iter().map(|(_, id)| *id).collect();
            if !names.contains(&found.as_str()) {
                wrong(found, "the name of a parameter", &names);
            }
        }
        _ => {}
    }
    problems.check()?;
    Ok(figure)
}
