//! `chokepoint check` and `chokepoint schema`: report errors in configuration, and print the schemas.

use std::path::PathBuf;

use clap::Args;

use super::report::legible;
use super::{Answer, Failure, Format, note, say, say_json};
use crate::config::acts::ids_of;
use crate::config::claim::claim_paths;
use crate::config::diagnostics::{Diagnostic, Problems};
use crate::config::kinds::{FileIdentity, FileKind, kind_of};
use crate::config::posterior::{self, Posterior};
use crate::config::regimes::{own_entry, regime_from};
use crate::config::source::{Configs, Source};
use crate::config::{beside, draws, evidence, figure, schemas, splits, structure, study, world};
use crate::events::EventKind;
use crate::evidence::patterns::pattern_names;
use crate::results::files;
use crate::study::kept_parts::KeptParts;
use crate::study::reach::reach_in_words;
use crate::study::{Library, plan};

#[derive(Args)]
pub struct CheckArgs {
    /// Files to check, of any kind that a configuration holds or a study names; without files, the whole configuration.
    files: Vec<String>,
    /// How the answer is printed.
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

pub fn check(configs: Configs, args: &CheckArgs) -> Answer {
    let mut found: Vec<Diagnostic> = Vec::new();
    let mut keep = |result: Result<(), Problems>| {
        if let Err(problems) = result {
            found.extend(problems.0);
        }
    };
    if args.files.is_empty() {
        keep(whole(&configs));
    }
    for file in &args.files {
        keep(file_of(&configs, file));
    }
    if found.is_empty() && args.format == Format::Table {
        for file in &args.files {
            note_on_reach(&configs, file);
        }
    }
    // A figure that is wrong is wrong in every study that draws it: one message.
    let mut said: Vec<Diagnostic> = Vec::new();
    for one in found {
        if !said.contains(&one) {
            said.push(one);
        }
    }
    let found = said;
    if args.format == Format::Json {
        say_json(&found)?;
        return if found.is_empty() {
            Ok(())
        } else {
            Err(Failure::No(String::new()))
        };
    }
    if found.is_empty() {
        return say("no errors\n");
    }
    let count = found.len();
    let errors = if count == 1 { "error" } else { "errors" };
    Err(Failure::No(format!(
        "{}{count} {errors}\n",
        Problems(found)
    )))
}

/// Checks the whole configuration, shipped or in the folder of `--configs`.
fn whole(configs: &Configs) -> Result<(), Problems> {
    let library = Library::read(configs.clone(), &[])?;
    let mut problems = Problems::default();
    let mut keep = |result: Result<(), Problems>| {
        problems
            .0
            .extend(result.err().into_iter().flat_map(|p| p.0))
    };
    keep(library.check_cases());
    for path in configs.list("regimes", ".toml") {
        let name = path
            .trim_start_matches("regimes/")
            .trim_end_matches(".toml");
        keep(library.regime(name).map(|_| ()));
    }
    let parts = KeptParts::default();
    let claims = claim_paths(configs);
    for path in configs.list("studies", ".toml").into_iter().chain(claims) {
        let source = configs.read(&path);
        keep(source.and_then(|source| study_of(&library, &source, &parts)));
    }
    for name in configs.figure_names() {
        let source = configs.find_figure(&name);
        keep(source.and_then(|source| figure_of(&library, &source, &parts)));
    }
    keep(
        evidence::Evidence::read(configs)
            .and_then(|e| beside::BesideFile::check_names(configs, &e.adjustments)),
    );
    keep(evidence::check_shipped_map(configs));
    keep(splits::read(configs).map(|_| ()));
    keep(splits::Registration::read(configs, &pattern_names()).map(|_| ()));
    // What the readers above do not come to, or not in every configuration.
    let evidence = configs.list("evidence", "");
    for path in configs
        .list("posterior", ".csv")
        .into_iter()
        .chain(evidence)
    {
        let source = configs.read(&path);
        keep(source.and_then(|source| match FileKind::of_path(&path) {
            Some(FileKind::Trades) => posterior::check_trades(&source),
            Some(FileKind::Informed) => posterior::informed(&source).map(|_| ()),
            Some(FileKind::Posterior) => Posterior::check(&source),
            Some(FileKind::Structure) => structure::parse(&source).map(|_| ()),
            Some(FileKind::Looks) => splits::looks(&source).map(|_| ()),
            _ => Ok(()),
        }));
    }
    problems.check()
}

/// A study, as a run of it would read it.
fn study_of(library: &Library, source: &Source, parts: &KeptParts) -> Result<(), Problems> {
    let study = study::read(source, &library.configs)?;
    figure::check_names(&library.configs, source, &study.figures)?;
    plan::check(library, &study, study.runs, None, parts)
}

/// A figure, with the entities that the main study has.
fn figure_of(library: &Library, source: &Source, parts: &KeptParts) -> Result<(), Problems> {
    let read = figure::read(source, &source.name)?;
    legible(source, &read)?;
    let main = library.configs.find("did-controls-work", "studies")?;
    let study = study::read(&main, &library.configs)?;
    let blueprint = plan::blueprint(library, &study, Some(parts))?;
    let known = figure::KnownEntities {
        columns: &blueprint.watch.columns,
        events: &EventKind::names(),
        arms: &[],
    };
    figure::unknown(source, &read, &known).check()
}

/// Says what the rules of an act reach beside the rules of history; other files, and rules without dates, are passed over.
fn note_on_reach(configs: &Configs, name: &str) {
    let act = || -> Result<Vec<String>, Failure> {
        let source = Source::of_file(name)?;
        if kind_of(&source)?.kind != FileKind::Act {
            return Ok(Vec::new());
        }
        let ids = ids_of(std::slice::from_ref(&source))?;
        let library = Library::read(configs.clone(), std::slice::from_ref(&source))?;
        let mut regime = library.regime("history-free")?;
        let mut rules = Vec::new();
        for at in ids.iter().filter_map(|id| library.law.find(id)) {
            let held = regime.entries.iter().any(|e| e.rule == at);
            if !held && let Ok(entry) = own_entry(&library.law, at) {
                regime.entries.push(entry);
            }
            rules.extend(regime.entries.iter().any(|e| e.rule == at).then_some(at));
        }
        let main = configs.find("did-controls-work", "studies")?;
        let study = study::read(&main, configs)?;
        let months = [study.first_month, study.last_month];
        let reached = reach_in_words(&library, &regime, &rules, months);
        Ok(reached.into_iter().map(|one| one.words).collect())
    };
    for words in act().unwrap_or_default() {
        note(&format!("note: {words}\n"));
    }
}

/// A file that a user named.
fn file_of(configs: &Configs, name: &str) -> Result<(), Problems> {
    if name.ends_with(".parquet") {
        return draws::check_file(name);
    }
    one(configs, &Source::of_file(name)?)
}

/// One file, by where it stands or what it holds.
fn one(configs: &Configs, source: &Source) -> Result<(), Problems> {
    let FileIdentity { kind, path } = kind_of(source)?;
    // A file with a fixed place replaces the shipped file there.
    let placed = || match &path {
        Some(path) => configs.clone().with_source(path, source.clone()),
        None => configs.clone(),
    };
    let library = || Library::read(placed(), &[]);
    match kind {
        FileKind::Text => Ok(()),
        FileKind::Act if path.is_some() => library()?.check_cases(),
        FileKind::Act => {
            Library::read(configs.clone(), std::slice::from_ref(source))?.check_cases()
        }
        FileKind::Regime => regime_from(source, &library()?.law).map(|_| ()),
        FileKind::Study => {
            let (library, parts) = (library()?, KeptParts::default());
            study_of(&library, source, &parts)?;
            let study = study::read(source, &library.configs)?;
            for words in plan::notes(&library, &study, study.runs, &parts)? {
                note(&format!("note: {}: {words}\n", source.name));
            }
            Ok(())
        }
        FileKind::Figure => figure_of(&library()?, source, &KeptParts::default()),
        FileKind::Events => library().map(|_| ()),
        FileKind::World => world::check_csv(&placed(), source),
        FileKind::Parameters if path.is_some() => library().map(|_| ()),
        FileKind::Parameters => Err(Problems::from(Diagnostic::at(
            source,
            0..1,
            "found no parameter that the model has",
        ))),
        FileKind::Chips => {
            let table = library()?.own_chips(source, &[])?;
            for words in &table.notes {
                note(&format!("note: {}: {words}\n", source.name));
            }
            Ok(())
        }
        FileKind::Series => evidence::Evidence::of(configs, source).map(|_| ()),
        FileKind::Map if path.is_some() => {
            evidence::Evidence::read(&placed())?;
            evidence::check_map(&placed(), source)
        }
        FileKind::Map => evidence::check_map(configs, source),
        FileKind::Beside => beside::check(configs, source),
        FileKind::Splits => splits::check(source),
        FileKind::Structure => structure::parse(source).map(|_| ()),
        FileKind::Registration => splits::check_registration(source, &pattern_names()),
        FileKind::Looks => splits::looks(source).map(|_| ()),
        FileKind::Posterior => Posterior::check(source),
        FileKind::Trades => posterior::check_trades(source),
        FileKind::Informed => posterior::informed(source).map(|_| ()),
        FileKind::Futures => draws::check(source),
        FileKind::Schema => current_schema(source),
    }
}

/// Checks that a schema is one that this program writes.
fn current_schema(source: &Source) -> Result<(), Problems> {
    let all = schemas();
    let written = |(_, schema): &(&str, _)| {
        serde_json::to_string_pretty(schema).unwrap_or_default() + "\n" == source.text
    };
    if all.iter().any(written) {
        return Ok(());
    }
    let message = "is not a schema of this program: `chokepoint schema --out DIR` writes them";
    Err(Diagnostic::at(source, 0..1, message).into())
}

#[derive(Args)]
pub struct SchemaArgs {
    /// Kind of file: act, regime, parameters, study, figure, evidence, splits, registration, or a table such as chips.
    kind: Option<String>,
    /// Folder that receives one schema file for each kind.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub fn schema(args: &SchemaArgs) -> Answer {
    let all = schemas();
    if let Some(folder) = &args.out {
        let failed =
            |e: std::io::Error| Failure::Input(format!("error: {}: {e}\n", folder.display()));
        std::fs::create_dir_all(folder).map_err(failed)?;
        for (kind, schema) in &all {
            let text = serde_json::to_string_pretty(schema).unwrap_or_default() + "\n";
            let path = folder.join(format!("{kind}.json"));
            let old = std::fs::read_to_string(&path).unwrap_or_default();
            if path.exists() && !old.contains("json-schema.org") {
                return Err(Failure::Input(format!(
                    "error: {}: exists and is not a schema; move it, or choose another --out\n",
                    path.display()
                )));
            }
            files::write(&path, text)?;
        }
        return Ok(());
    }
    let names: Vec<&str> = all.iter().map(|(kind, _)| *kind).collect();
    match &args.kind {
        None => say(&(names.join("\n") + "\n")),
        Some(kind) => match all.iter().find(|(name, _)| name == kind) {
            Some((_, schema)) => say_json(schema),
            None => Err(super::wrong_word("schema", kind, "a kind of file", &names)),
        },
    }
}
