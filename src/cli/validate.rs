//! `chokepoint validate`: prints the hindcast scorecard with the worst series first.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::Args;
use serde::Serialize;

use super::job::Progress;
use super::question;
use super::run::{pool, threads};
use super::{Answer, Failure, Format, csv_text, note, say, say_data, say_json, table, wrong_word};
use crate::config::diagnostics::Problems;
use crate::config::evidence::Evidence;
use crate::config::posterior::Posterior;
use crate::config::source::{Configs, Source};
use crate::config::splits::{self, InputHashes, Registration, Split, SplitPart, SplitsFile, short};
use crate::plots::{ScorecardPoint, draw_scorecard};
use crate::results::{FolderClaim, WorkingFolder, files};
use crate::study::bank::KeptRuns;
use crate::study::headline::{HeadlineEffect, headline_effects, unsupported};
use crate::study::hindcast::Hindcast;
use crate::study::patterns::{PatternScore, patterns};
use crate::study::validate::{PointScore, Scorecard, SeriesScore, ensemble, score};
use crate::study::{Library, PlanSettings, hash};

#[derive(Args)]
pub struct ValidateArgs {
    #[command(flatten)]
    asked: ValidationRequest,
    /// How the answer is printed.
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// Folder that also receives every table and a page of figures for each split.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Replace another scorecard in that folder, or one that was edited.
    #[arg(long)]
    overwrite: bool,
    /// Exit with code 1 when a registered bar is missed.
    #[arg(long)]
    bars: bool,
}

/// What to score, with which effort.
#[derive(Args, Default)]
pub struct ValidationRequest {
    /// Evidence table of your own, with the columns of the shipped table.
    #[arg(long, value_name = "FILE")]
    pub evidence: Option<String>,
    /// Score only this split; the default is every split that has a test part.
    #[arg(long, value_name = "NAME")]
    pub split: Option<String>,
    /// Number of draws in each ensemble; the default is the registered number.
    #[arg(long, value_parser = clap::value_parser!(u32).range(2..))]
    pub runs: Option<u32>,
    /// Seed of every random draw.
    #[arg(long, default_value = "1")]
    pub seed: u64,
    /// Number of draws for patterns and headline effects; 0 leaves them out.
    #[arg(long, default_value = "100")]
    pub patterns: u32,
    /// Number of threads; the default is one for each processor core.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    pub threads: Option<u16>,
    /// Store of finished runs, so that a stopped scorecard can resume.
    #[arg(skip)]
    pub kept: Option<Arc<KeptRuns>>,
}

/// The scorecard as it is printed, in order.
#[derive(Serialize)]
pub struct ValidationReport {
    registration: RegistrationStatus,
    /// Draws of each ensemble.
    draws: u32,
    /// What misses a bar, worst first.
    missed: Vec<String>,
    effects: Vec<HeadlineEffect>,
    /// Points and series of the split that the answer leads with.
    split: String,
    points: Vec<serde_json::Value>,
    series: Vec<SeriesScore>,
    patterns: Vec<PatternScore>,
    splits: Vec<Scorecard>,
}

impl ValidationReport {
    /// The split that the answer leads with.
    fn lead(&self) -> &Scorecard {
        let named = self.splits.iter().find(|c| c.split == self.split);
        named.unwrap_or(&self.splits[0])
    }
}

#[derive(Serialize)]
struct RegistrationStatus {
    date: String,
    now: InputHashes,
    /// What no longer is as registered.
    departures: Vec<String>,
    model_versions: u32,
    exposure: String,
    looks: usize,
}

/// The scorecard of each split that is asked for.
///
/// # Errors
/// When configuration, evidence or the name of a split is not as it should be.
pub fn answered(
    configs: Configs,
    args: &ValidationRequest,
    watch: &Progress,
) -> Result<ValidationReport, Failure> {
    let library = Library::read(configs, &[])?;
    let shipped = Evidence::read(&library.configs)?;
    let file = splits::read(&library.configs)?;
    let registration = Registration::read(&library.configs)?;
    let hashes = InputHashes::of(&library.configs, &library.parameters, &shipped)?;
    let own = match &args.evidence {
        None => None,
        Some(path) => Some(Evidence::of(&library.configs, &Source::of_file(path)?)?),
    };
    let wanted = wanted(&file, args)?;
    let settings = PlanSettings {
        seed: args.seed,
        runs: args.runs.unwrap_or(file.score.draws),
        ..PlanSettings::default()
    };
    let mut h = Hindcast::new(
        &library,
        own.unwrap_or(shipped),
        &file.discrepancy,
        &["history"],
        settings,
    )?;
    h.plan.kept.clone_from(&args.kept);
    let h = h;
    let pool = pool(threads(args.threads))?;
    let samples = |name: &str| -> Result<Option<Arc<Posterior>>, Problems> {
        Ok(Posterior::if_shipped(&library.configs, name)?.map(Arc::new))
    };
    let posteriors = wanted
        .iter()
        .map(|s| samples(&s.name))
        .collect::<Result<Vec<_>, _>>()?;
    let last = samples("final")?;
    let draws = h.plan.runs;
    let fitted = posteriors.iter().flatten().count() as u64;
    (watch.begun)((1 + fitted) * u64::from(draws));
    let done = watch.done;
    let cards: Vec<Scorecard> = pool.install(|| {
        let prior = ensemble(&h, draws, None, done);
        wanted
            .iter()
            .zip(&posteriors)
            .map(|(split, posterior)| {
                let fitted = posterior
                    .as_ref()
                    .map(|p| ensemble(&h, draws, Some(p), done));
                let said = fitted.as_ref().unwrap_or(&prior);
                let mut card = score(&h, split, &file.score, said, &prior, args.seed);
                if let Some(p) = posterior {
                    card.posterior = Some(p.name.clone());
                    card.stale = p.stale(&hashes, &library.parameters);
                }
                card
            })
            .collect()
    });
    let (found, effects) = if args.patterns == 0 {
        (Vec::new(), Vec::new())
    } else {
        pool.install(|| -> Result<_, Failure> {
            let found = patterns(&library, &h, args.patterns, last.as_ref())?;
            let off = unsupported(&registration, &found, &informed(&library.configs));
            let effects =
                headline_effects(&library, args.patterns, args.seed, last.as_ref(), &off)?;
            Ok((found, effects))
        })?
    };
    let lead = cards.iter().position(|c| c.split == "B").unwrap_or(0);
    let looks = library
        .configs
        .read("evidence/looks.csv")
        .map_or(0, |s| s.text.lines().count().saturating_sub(1));
    Ok(ValidationReport {
        draws,
        registration: RegistrationStatus {
            date: registration.date.clone(),
            departures: registration.departures(&hashes),
            now: hashes,
            model_versions: registration.model_versions,
            exposure: registration.exposure.clone(),
            looks,
        },
        missed: missed(&cards[lead], &found, &file),
        effects,
        split: cards[lead].split.clone(),
        points: points(&cards[lead]),
        series: cards[lead].series.clone(),
        patterns: found,
        splits: cards,
    })
}

pub fn validate(configs: Configs, mut args: ValidateArgs) -> Answer {
    let hash = made_from(&configs, &args.asked)?;
    // Checks before the runs that the folder can be written and belongs to the program.
    let claim = FolderClaim {
        made_from: vec![hash.clone()],
        overwrite: args.overwrite,
    };
    let working = match &args.out {
        Some(folder) => Some(WorkingFolder::open(folder, &claim)?),
        None => None,
    };
    let kept = question::open_kept_runs(
        PathBuf::from(format!("results/.validate-{}.unfinished", &hash[..12])),
        &hash,
    )?;
    args.asked.kept = kept.map(Arc::new);
    let ended = question::stopped_by_signal(|stop| {
        let bar = super::run::progress(0);
        let watch = Progress {
            say: &|text| bar.suspend(|| note(text)),
            begun: &|runs| bar.set_length(runs),
            done: &|runs| {
                bar.inc(runs);
                stop();
            },
            stop: &AtomicBool::new(false),
        };
        let answer = answered(configs, &args.asked, &watch);
        bar.finish_and_clear();
        answer
    })?;
    let kept = args.asked.kept.as_deref();
    let answer = match ended {
        Some(answer) => answer,
        None => Err(question::stopped(kept)),
    };
    let stored = answer.and_then(|answer| {
        if let Some(working) = &working {
            store(working, &claim, &answer)?;
        }
        Ok(answer)
    });
    if let (Err(_), Some(working)) = (&stored, &working) {
        working.discard();
    }
    let answer = stored?;
    if let Some(kept) = kept {
        kept.discard();
    }
    match args.format {
        Format::Json => say_json(&answer)?,
        Format::Csv => say_data(&csv_text(&point_rows(answer.lead())))?,
        Format::Table => say(&describe_report(&answer))?,
    }
    if args.bars && !answer.missed.is_empty() {
        return Err(Failure::No(String::new()));
    }
    Ok(())
}

/// Hash of all that the scorecard is made from.
fn made_from(configs: &Configs, asked: &ValidationRequest) -> Result<String, Failure> {
    let own = match &asked.evidence {
        Some(path) => std::fs::read_to_string(path)
            .map_err(|e| Failure::Input(format!("error: {path}: {e}\n")))?,
        None => String::new(),
    };
    let inputs: Vec<Source> = configs.all();
    let asked = (&asked.split, asked.runs, asked.seed, asked.patterns);
    let program = (env!("CARGO_PKG_VERSION"), env!("CHOKEPOINT_SOURCE"));
    Ok(hash(
        format!("validate {program:?} {asked:?} {own} {inputs:?}").as_bytes(),
    ))
}

/// Parameters that the final posterior is informed of.
fn informed(configs: &Configs) -> Vec<String> {
    let table = configs.read("posterior/informed/final.csv");
    table.map_or(Vec::new(), |source| {
        source
            .text
            .lines()
            .filter(|l| l.ends_with(",informed"))
            .filter_map(|l| l.split(',').next())
            .map(str::to_string)
            .collect()
    })
}

fn wanted<'a>(file: &'a SplitsFile, args: &ValidationRequest) -> Result<Vec<&'a Split>, Failure> {
    let tested: Vec<&Split> = file
        .split
        .iter()
        .filter(|s| s.test_from.is_some() || s.test_block.is_some())
        .collect();
    match &args.split {
        None => Ok(tested),
        Some(name) => {
            let names: Vec<&str> = tested.iter().map(|s| s.name.as_str()).collect();
            let found = tested.iter().find(|s| s.name == *name);
            found
                .map(|s| vec![*s])
                .ok_or_else(|| wrong_word("--split", name, "a split with a test", &names))
        }
    }
}

/// Registered bars that the leading split or the patterns miss.
fn missed(card: &Scorecard, patterns: &[PatternScore], file: &SplitsFile) -> Vec<String> {
    let bars = &file.bars;
    let mut all = Vec::new();
    match card.pooled() {
        Some(c) if c.inside_90 < bars.coverage_low || c.inside_90 > bars.coverage_high => {
            all.push(format!(
                "split {}: 90 % intervals hold {:.0} % of the points of classes M and E; the bar is {:.0} to {:.0} %",
                card.split,
                100.0 * c.inside_90,
                100.0 * bars.coverage_low,
                100.0 * bars.coverage_high
            ));
        }
        _ => {}
    }
    let (counted, good) = (card.counted().count(), card.with_skill());
    if (good as f64) < bars.series_with_skill * counted as f64 {
        all.push(format!(
            "split {}: skill above zero on {good} of {counted} series; the bar is half",
            card.split
        ));
    }
    let passed = patterns.iter().filter(|p| p.verdict == "passes").count();
    if !patterns.is_empty() && (passed as u32) < bars.patterns {
        all.push(format!(
            "{passed} of {} patterns pass where their nulls fail; the bar is {}",
            patterns.len(),
            bars.patterns
        ));
    }
    all
}

/// Points in the documented shape: observed values and predictions.
fn points(card: &Scorecard) -> Vec<serde_json::Value> {
    card.points
        .iter()
        .filter_map(|p| serde_json::to_value(p).ok())
        .collect()
}

fn number(value: Option<f64>) -> String {
    value.map_or(String::new(), |v| format!("{v:.6}"))
}

fn short_number(value: Option<f64>) -> String {
    value.map_or("-".into(), |v| {
        if v != 0.0 && (v.abs() >= 1e5 || v.abs() < 1e-3) {
            format!("{v:.2e}")
        } else {
            format!("{v:.3}")
        }
    })
}

fn point_rows(card: &Scorecard) -> Vec<Vec<String>> {
    let mut rows = vec![
        [
            "target_id",
            "series",
            "entity",
            "period",
            "class",
            "first_month",
            "last_month",
            "observed",
            "observed_low",
            "observed_high",
            "modelled",
            "reason",
            "part",
            "p05",
            "p25",
            "p50",
            "p75",
            "p95",
            "inside_50",
            "inside_90",
            "benchmark",
            "benchmark_p05",
            "benchmark_p50",
            "benchmark_p95",
            "crps",
        ]
        .map(str::to_string)
        .to_vec(),
    ];
    let flag = |f: Option<bool>| f.map_or(String::new(), |b| b.to_string());
    let raw = |v: Option<f64>| v.map_or(String::new(), |v| v.to_string());
    for p in &card.points {
        rows.push(vec![
            p.target_id.clone(),
            p.series.clone(),
            p.entity.clone(),
            p.period.clone(),
            format!("{:?}", p.class),
            p.first_month.clone(),
            p.last_month.clone(),
            p.observed.to_string(),
            p.observed_low.to_string(),
            p.observed_high.to_string(),
            p.modelled.to_string(),
            p.reason.clone().unwrap_or_default(),
            part_name(p.part).into(),
            raw(p.p05),
            raw(p.p25),
            raw(p.p50),
            raw(p.p75),
            raw(p.p95),
            flag(p.inside_50),
            flag(p.inside_90),
            p.benchmark.clone().unwrap_or_default(),
            raw(p.benchmark_p05),
            raw(p.benchmark_p50),
            raw(p.benchmark_p95),
            number(p.crps),
        ]);
    }
    rows
}

const fn part_name(part: Option<SplitPart>) -> &'static str {
    match part {
        Some(SplitPart::Fit) => "fit",
        Some(SplitPart::Test) => "test",
        Some(SplitPart::Neither) => "neither",
        None => "",
    }
}

fn series_rows(cards: &[Scorecard]) -> Vec<Vec<String>> {
    let mut rows = vec![
        [
            "split",
            "series",
            "entity",
            "class",
            "weak",
            "n",
            "n_effective",
            "crps",
            "crps_prior",
            "crps_naive",
            "naive",
            "skill",
            "skill_low",
            "skill_high",
            "verdict",
        ]
        .map(str::to_string)
        .to_vec(),
    ];
    for card in cards {
        for s in &card.series {
            rows.push(vec![
                card.split.clone(),
                s.series.clone(),
                s.entity.clone(),
                format!("{:?}", s.class),
                s.weak.clone().unwrap_or_default(),
                s.n.to_string(),
                s.n_effective.to_string(),
                number(s.crps),
                number(s.crps_prior),
                number(s.crps_naive),
                s.naive.clone().unwrap_or_default(),
                number(s.skill),
                number(s.skill_low),
                number(s.skill_high),
                s.verdict.clone(),
            ]);
        }
    }
    rows
}

fn coverage_rows(cards: &[Scorecard]) -> Vec<Vec<String>> {
    let mut rows = vec![
        [
            "split",
            "classes",
            "points",
            "effective",
            "inside_50",
            "inside_90",
            "low",
            "high",
            "width_factor",
            "width_own",
        ]
        .map(str::to_string)
        .to_vec(),
    ];
    for card in cards {
        for c in &card.coverage {
            rows.push(vec![
                card.split.clone(),
                c.classes.clone(),
                c.points.to_string(),
                c.effective.to_string(),
                format!("{:.3}", c.inside_50),
                format!("{:.3}", c.inside_90),
                format!("{:.3}", c.low),
                format!("{:.3}", c.high),
                short_number(c.width_factor),
                short_number(c.width_own),
            ]);
        }
    }
    rows
}

fn pattern_rows(patterns: &[PatternScore]) -> Vec<Vec<String>> {
    let mut rows = vec![
        [
            "pattern",
            "statistic",
            "low",
            "high",
            "median",
            "share_inside",
            "null",
            "null_median",
            "null_share_inside",
            "verdict",
        ]
        .map(str::to_string)
        .to_vec(),
    ];
    for p in patterns {
        for s in &p.statistics {
            rows.push(vec![
                p.pattern.clone(),
                s.words.clone(),
                short_number(s.low),
                short_number(s.high),
                short_number(s.median),
                format!("{:.2}", s.share_inside),
                p.null.clone(),
                short_number(s.null_median),
                format!("{:.2}", s.null_share_inside),
                p.verdict.clone(),
            ]);
        }
    }
    rows
}

fn effect_rows(effects: &[HeadlineEffect]) -> Vec<Vec<String>> {
    let mut rows = vec![
        [
            "outcome",
            "regime",
            "column",
            "mean",
            "p05",
            "p95",
            "probability_positive",
        ]
        .map(str::to_string)
        .to_vec(),
    ];
    for e in effects {
        for (column, found) in [
            ("prior", &e.prior),
            ("posterior", &e.posterior),
            ("posterior, unsupported channels off", &e.supported),
        ] {
            if let Some(x) = found {
                rows.push(vec![
                    e.outcome.clone(),
                    e.regime.clone(),
                    column.into(),
                    short_number(Some(x.mean)),
                    short_number(Some(x.p05)),
                    short_number(Some(x.p95)),
                    format!("{:.2}", x.probability_positive),
                ]);
            }
        }
    }
    rows
}

/// Every table in a folder, atomically.
fn store(working: &WorkingFolder, claim: &FolderClaim, answer: &ValidationReport) -> Answer {
    let into = working.fresh()?;
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for card in &answer.splits {
        files.insert(
            format!("points-{}.csv", card.split),
            csv_text(&point_rows(card)),
        );
    }
    files.insert("series.csv".into(), csv_text(&series_rows(&answer.splits)));
    files.insert(
        "coverage.csv".into(),
        csv_text(&coverage_rows(&answer.splits)),
    );
    files.insert(
        "patterns.csv".into(),
        csv_text(&pattern_rows(&answer.patterns)),
    );
    files.insert(
        "effects.csv".into(),
        csv_text(&effect_rows(&answer.effects)),
    );
    files.insert(
        "manifest.json".into(),
        serde_json::to_string_pretty(&answer.registration).unwrap_or_default() + "\n",
    );
    for card in &answer.splits {
        let samples = card.posterior.as_ref().map_or_else(
            || "from the prior".to_string(),
            |name| format!("from samples of the posterior `{name}`"),
        );
        let title = format!("Held against the record: split {}", card.split);
        let basis = format!(
            "{}; {samples}, {} draws under the recorded rules. Classes: M measured, E estimated, J judged, X an input. {} looks at test \
             periods are on record. Conditional on these assumptions, not a forecast.",
            card.words, answer.draws, answer.registration.looks
        );
        let name = format!("scorecard-{}", card.split);
        draw_scorecard(&title, &basis, &held(card), &into.join("plots"), &name)
            .map_err(|e| Failure::Input(format!("error: {e}\n")))?;
    }
    for (name, text) in files {
        let path = into.join(name);
        files::write(&path, text)?;
    }
    working.finish(claim)?;
    Ok(())
}

/// The entities that a point is scored with.
fn entity_of(card: &Scorecard, p: &PointScore) -> String {
    let takes = |s: &&SeriesScore| {
        let all = s.entity.strip_suffix('*');
        let named = all.map_or(s.entity == p.entity, |start| p.entity.starts_with(start));
        s.series == p.series && named
    };
    let named = card.series.iter().find(takes).map(|s| s.entity.as_str());
    match named.unwrap_or(&p.entity).trim_end_matches(['*', ':']) {
        "" => "all of it".into(),
        some => some.into(),
    }
}

/// What the page of figures shows: every point that the model answers.
fn held(card: &Scorecard) -> Vec<ScorecardPoint> {
    let of = |p: &PointScore| {
        Some(ScorecardPoint {
            series: p.series.clone(),
            entity: entity_of(card, p),
            class: format!("{:?}", p.class),
            unit: p.unit.clone(),
            first: p.first_month.parse().ok()?,
            last: p.last_month.parse().ok()?,
            observed: [p.observed, p.observed_low, p.observed_high],
            modelled: [p.p05?, p.p25?, p.p50?, p.p75?, p.p95?],
            benchmark: p
                .benchmark_p05
                .zip(p.benchmark_p50)
                .zip(p.benchmark_p95)
                .map(|((low, middle), high)| [low, middle, high]),
            tested: p.part == Some(SplitPart::Test),
        })
    };
    card.points.iter().filter_map(of).collect()
}

fn describe_report(answer: &ValidationReport) -> String {
    let mut text = String::new();
    if let Some(sentence) = signs(&answer.effects) {
        text.push_str(&format!("{sentence}\n\n"));
    }
    let r = &answer.registration;
    text.push_str(&format!(
        "registered {}: priors {}, evidence {}, splits {}; {} looks at test periods on record, by {} versions of the model\n",
        r.date,
        short(&r.now.priors),
        short(&r.now.evidence),
        short(&r.now.splits),
        r.looks,
        r.model_versions
    ));
    for departure in &r.departures {
        text.push_str(&format!("NOT AS REGISTERED: {departure}\n"));
    }
    text.push_str(&format!("exposure of the priors: {}\n", r.exposure));
    for card in &answer.splits {
        if !card.stale.is_empty() {
            text.push_str(&format!(
                "WARNING: the posterior `{}` is STALE: {}\n",
                card.split,
                card.stale.join("; ")
            ));
        }
    }
    for miss in &answer.missed {
        text.push_str(&format!("MISSED: {miss}\n"));
    }
    for card in &answer.splits {
        text.push_str(&describe_scorecard(card));
    }
    if !answer.patterns.is_empty() {
        text.push_str("\npatterns, failures first\n");
        let mut sorted: Vec<&PatternScore> = answer.patterns.iter().collect();
        sorted.sort_by_key(|p| p.verdict == "passes");
        let owned: Vec<PatternScore> = sorted.into_iter().cloned().collect();
        text.push_str(&table(&pattern_rows(&owned)));
        for p in owned.iter().filter(|p| p.verdict != "passes") {
            text.push_str(&format!(
                "{} {}: weakens {}\n",
                p.pattern, p.verdict, p.claims
            ));
        }
    }
    if !answer.effects.is_empty() {
        text.push_str("\nheadline effects\n");
        text.push_str(&table(&effect_rows(&answer.effects)));
        if let Some(e) = answer.effects.first() {
            text.push_str(&format!(
                "channels without support: {}\n",
                e.unsupported.join(", ")
            ));
        }
    }
    let card = answer.lead();
    let mut silent: BTreeMap<(String, String), usize> = BTreeMap::new();
    for p in card.points.iter().filter(|p| !p.modelled) {
        let reason = p.reason.clone().unwrap_or_default();
        *silent.entry((p.series.clone(), reason)).or_default() += 1;
    }
    text.push_str("\nwhat no measure answers\n");
    let rows: Vec<Vec<String>> = silent
        .into_iter()
        .map(|((series, reason), n)| vec![series, n.to_string(), reason])
        .collect();
    text.push_str(&table(&rows));
    text
}

/// The first sentence, if prior and posterior give effects of different signs.
fn signs(effects: &[HeadlineEffect]) -> Option<String> {
    let differ: Vec<String> = effects
        .iter()
        .filter(|e| e.signs_differ())
        .map(|e| format!("{} of {}", e.outcome, e.regime))
        .collect();
    (!differ.is_empty()).then(|| {
        format!(
            "Prior, posterior and posterior without unsupported channels DIFFER IN SIGN on {}.",
            differ.join("; ")
        )
    })
}

fn describe_scorecard(card: &Scorecard) -> String {
    let from = match &card.posterior {
        Some(name) => format!("samples of the posterior `{name}`"),
        None => "THE PRIOR: no posterior of this split is shipped".into(),
    };
    let mut text = format!("\nsplit {}: {}; from {from}\n", card.split, card.words);
    if let Some(skill) = card.skill {
        text.push_str(&format!(
            "mean skill {skill:+.2} ({} to {} over series, 90 %): {}; above zero on {} of {} series\n",
            short_number(card.skill_low),
            short_number(card.skill_high),
            card.verdict,
            card.with_skill(),
            card.counted().count()
        ));
    }
    for c in &card.coverage {
        text.push_str(&format!(
            "coverage {}: {:.0} % in 90 % ({:.0} to {:.0} on {} effective of {} points), {:.0} % in 50 %; median width {}{}\n",
            c.classes,
            100.0 * c.inside_90,
            100.0 * c.low,
            100.0 * c.high,
            c.effective,
            c.points,
            100.0 * c.inside_50,
            c.width_factor.map_or(String::new(), |w| format!("a factor of {w:.1} ")),
            c.width_own.map_or(String::new(), |w| format!("{w:.2} in own units"))
        ));
    }
    if let Some(ranks) = card.ranks {
        text.push_str(&format!("ranks in five bins: {ranks:?}\n"));
    }
    let order = |s: &SeriesScore| match s.verdict.as_str() {
        "loses" => 0,
        "ties" => 1,
        "beats" => 3,
        _ => 2,
    };
    let mut sorted: Vec<&SeriesScore> = card
        .series
        .iter()
        .filter(|s| !(s.n == 0 && order(s) == 2))
        .collect();
    sorted.sort_by(|a, b| {
        order(a).cmp(&order(b)).then_with(|| {
            let skill = |s: &SeriesScore| s.skill.unwrap_or(0.0);
            skill(a).total_cmp(&skill(b))
        })
    });
    let mut rows = vec![
        [
            "series",
            "entity",
            "class",
            "n",
            "crps",
            "prior",
            "benchmark",
            "its crps",
            "skill",
            "verdict",
        ]
        .map(str::to_string)
        .to_vec(),
    ];
    for s in sorted {
        let verdict = match &s.weak {
            Some(why) => format!("{} (weak: {why})", s.verdict),
            None => s.verdict.clone(),
        };
        rows.push(vec![
            s.series.clone(),
            s.entity.clone(),
            format!("{:?}", s.class),
            s.n.to_string(),
            short_number(s.crps),
            short_number(s.crps_prior),
            s.naive.clone().unwrap_or_default(),
            short_number(s.crps_naive),
            short_number(s.skill),
            verdict,
        ]);
    }
    text.push_str(&table(&rows));
    text
}
