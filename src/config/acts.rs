//! Acts read into law: every key acts or is refused, and every name is resolved where it stands.

use std::cell::Cell;
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

use jiff::civil::Date;
use toml::Spanned;

use super::cases::CaseTable;
use super::countries::{self, NamedNation};
use super::dates::RuleDateOrder;
use super::diagnostics::{Diagnostic, Problems, read_toml};
use super::law::{ActFile, LegalStatus, RuleFile, TomlDate};
use super::source::{Configs, Source};
use super::world_names::WorldNames;
use crate::controls::{
    AppliesTo, Attribute, CHECK_USD, Condition, DETECTION_MULTIPLE, EarlyNotice, Exception,
    Expression, HOME_VOLUME_SHARE, Instrument, LEVY_SHARE, Law, NameDomain, NationGroup,
    NumberNeed, Rule, SUPPORT, TIER2_CAP_TPP, Verdict,
};

/// Reads every act under `configs/rules`, and the acts in `extra`. One of `extra` that is a file of the configuration, by its
/// path or by the ids of all its rules, stands in the place of it.
///
/// # Errors
/// For everything that names what does not exist, has no source, is out of order or of range, or is there twice.
pub fn read_law(
    configs: &Configs,
    extra: &[Source],
    names: &WorldNames,
) -> Result<(Law, CaseTable), Problems> {
    let mut acts: Vec<(Arc<Source>, ActFile)> = Vec::new();
    let mut problems = Problems::default();
    let mut read = |source: Source| match read_toml::<ActFile>(&source) {
        Ok(act) => Some((Arc::new(source), act)),
        Err(more) => {
            problems.0.extend(more.0);
            None
        }
    };
    // A file that stands in the place of another is read instead of it, so that a broken one can be mended.
    let shipped = configs.list("rules", ".toml");
    let mut own: Vec<Option<(Arc<Source>, ActFile)>> =
        extra.iter().map(|source| read(source.clone())).collect();
    for path in &shipped {
        match extra.iter().position(|source| is_file(&source.name, path)) {
            Some(at) => acts.extend(own[at].take()),
            None => acts.extend(read(configs.read(path)?)),
        }
    }
    problems.check()?;
    let ids = |act: &ActFile| -> BTreeSet<String> {
        act.rule.iter().map(|r| r.id.get_ref().clone()).collect()
    };
    let shipped_acts = acts.len();
    for (source, act) in own.into_iter().flatten() {
        let same = |(_, other): &(_, ActFile)| ids(other) == ids(&act);
        match acts[..shipped_acts].iter().position(same) {
            Some(at) => acts[at] = (source, act),
            None => acts.push((source, act)),
        }
    }
    let files: Vec<&RuleFile> = acts.iter().flat_map(|(_, act)| &act.rule).collect();
    if files.len() > usize::from(u16::MAX) {
        let (source, act) = &acts[acts.len() - 1];
        let message = format!("{} rules, expected at most {}", files.len(), u16::MAX);
        return Err(Diagnostic::at(source, act.issuer.span(), message).into());
    }
    let mut reader = LawReader {
        ids: files.iter().map(|r| r.id.get_ref().clone()).collect(),
        by_name: HashMap::new(),
        kinds: files.iter().map(|r| r.instrument).collect(),
        issued: acts
            .iter()
            .flat_map(|(_, act)| act.rule.iter().map(move |rule| (act, rule)))
            .map(|(act, rule)| {
                let announced = rule.announced.as_ref().map(|d| d.get_ref().0);
                (act.issuer.get_ref().clone(), announced)
            })
            .collect(),
        names,
        conditions: Vec::new(),
        outside: acts
            .iter()
            .map(|(_, act)| {
                let names = act.outside_names.iter();
                names
                    .map(|name| (name.get_ref().clone(), Cell::new(false)))
                    .collect()
            })
            .collect(),
        law: Law::default(),
        problems: Problems::default(),
    };
    reader.claim_names(&acts);
    reader.compile_all(&acts);
    let mut cases = CaseTable::new();
    for (number, (source, act)) in acts.iter().enumerate() {
        reader.act(source, act);
        for file in &act.rule {
            let index = reader.law.rules.len() as u16;
            reader.rule(source, (number, act), file);
            let of_rule = file.case.iter();
            cases.extend(of_rule.map(|c| (index, c.clone(), source.clone())));
        }
    }
    if reader.problems.0.is_empty() {
        reader.every_outside_name_is_needed(&acts);
    }
    reader.problems.check()?;
    Ok((reader.law, cases))
}

/// Whether the name of a file that a user gave is that of a file of the configuration.
fn is_file(name: &str, path: &str) -> bool {
    let name = name.replace('\\', "/");
    name == *path || name.ends_with(&format!("/{path}"))
}

/// Ids of the rules in some acts that were read before.
///
/// # Errors
/// As [`read_law`] for files that are no acts.
pub fn ids_of(extra: &[Source]) -> Result<Vec<String>, Problems> {
    let mut ids = Vec::new();
    for source in extra {
        let act: ActFile = read_toml(source)?;
        ids.extend(act.rule.into_iter().map(|rule| rule.id.into_inner()));
    }
    Ok(ids)
}

pub(super) struct LawReader<'a> {
    /// By index of the rule.
    pub(super) ids: Vec<String>,
    /// Rules by their ids as conditions write them.
    pub(super) by_name: HashMap<String, usize>,
    kinds: Vec<Instrument>,
    /// By index of the rule: who issues it, and the day on which it is announced.
    issued: Vec<(String, Option<Date>)>,
    pub(super) names: &'a WorldNames,
    /// By index of the rule; those that could not be compiled never hold.
    pub(super) conditions: Vec<Condition>,
    /// By act: names that stand in no table, and whether a condition needs them.
    pub(super) outside: Vec<Vec<(String, Cell<bool>)>>,
    pub(super) law: Law,
    pub(super) problems: Problems,
}

/// An id as conditions write it.
fn in_conditions(id: &str) -> String {
    id.replace('-', "_")
}

impl LawReader<'_> {
    pub(super) fn at(&mut self, source: &Source, span: Range<usize>, message: impl Into<String>) {
        self.problems.0.push(Diagnostic::at(source, span, message));
    }

    fn wrong(
        &mut self,
        source: &Source,
        at: &Spanned<String>,
        message: String,
        candidates: &[String],
    ) {
        let names: Vec<&str> = candidates.iter().map(String::as_str).collect();
        let problem = Diagnostic::at(source, at.span(), message);
        // A nation by another of its names.
        self.problems.0.push(
            match countries::nation_named(at.get_ref(), names.iter().copied()) {
                NamedNation::InTable(code) => problem.help(format!("write `{code}`")),
                _ => problem.nearest(at.get_ref(), &names),
            },
        );
    }

    /// Gives each rule its name in conditions; two rules cannot have the same.
    fn claim_names(&mut self, acts: &[(Arc<Source>, ActFile)]) {
        let mut owner: Vec<&Source> = Vec::with_capacity(self.ids.len());
        let rules = acts
            .iter()
            .flat_map(|(source, act)| act.rule.iter().map(move |rule| (source, rule)));
        for (at, (source, rule)) in rules.enumerate() {
            owner.push(source);
            let id = rule.id.get_ref();
            let name = in_conditions(id);
            if Attribute::named(&name).is_some() {
                let message = format!(
                    "the id `{id}` is the name of an attribute in conditions, expected another"
                );
                self.at(source, rule.id.span(), message);
            }
            if let Some(&first) = self.by_name.get(&name) {
                let message = format!(
                    "the id `{id}` is used twice: `{}` of {} has the same name in conditions; expected an id of its own",
                    self.ids[first], owner[first].name
                );
                self.at(source, rule.id.span(), message);
            } else {
                self.by_name.insert(name, at);
            }
        }
    }

    /// What an act says beside its rules.
    fn act(&mut self, source: &Source, act: &ActFile) {
        if act.title.get_ref().trim().is_empty() {
            let message = "found nothing, expected the title of the act";
            self.at(source, act.title.span(), message);
        }
        for cited in [&act.source, &act.citation] {
            if cited.get_ref().trim().is_empty() {
                let message = "found nothing, expected where the text can be read";
                self.at(source, cited.span(), message);
            }
        }
        if !self.names.nations.contains(act.issuer.get_ref()) {
            let message = format!(
                "found `{}`, expected the ISO3 code of a nation",
                act.issuer.get_ref()
            );
            self.wrong(source, &act.issuer, message, &self.names.nations.clone());
        }
        if act.rule.is_empty() {
            let message = "an act without a rule, expected [[rule]]";
            self.at(source, act.issuer.span(), message);
        }
    }

    fn every_outside_name_is_needed(&mut self, acts: &[(Arc<Source>, ActFile)]) {
        for (number, (source, act)) in acts.iter().enumerate() {
            for (nth, name) in act.outside_names.iter().enumerate() {
                if !self.outside[number][nth].1.get() {
                    let message = format!(
                        "found `{}`, expected a name that a condition of this act holds and no table does, once",
                        name.get_ref()
                    );
                    self.at(source, name.span(), message);
                }
            }
        }
    }

    fn rule(&mut self, source: &Source, (number, act): (usize, &ActFile), file: &RuleFile) {
        let at = self.law.rules.len();
        let id = file.id.get_ref();
        let announced = file.announced.as_ref().map(|d| d.get_ref().0);
        let compliance = file.compliance.as_ref().map(|d| d.get_ref().0);
        let ended = file.ended.as_ref().map(|d| d.get_ref().0);
        let status = act.status;
        self.dates(source, file, status == LegalStatus::Law);
        let enforced = *file.enforced.get_ref();
        if status == LegalStatus::Law && enforced && (announced.is_none() || compliance.is_none()) {
            let message =
                format!("`{id}` is enforced law and needs the dates `announced` and `compliance`");
            self.at(source, file.id.span(), message);
        }
        if enforced && matches!(status, LegalStatus::Bill | LegalStatus::Draft) {
            let message = format!(
                "found `enforced = true` in an act of status `{}`, expected `false`, or the status `law` or `hypothetical`",
                status.name()
            );
            self.at(source, file.enforced.span(), message);
        }
        let licence = |reader: &mut Self, found: &Spanned<Verdict>, expected: &[Verdict]| {
            if !expected.contains(found.get_ref()) {
                let expected: Vec<String> = expected.iter().map(|v| format!("`{v}`")).collect();
                let message = format!(
                    "found `{}`, expected what a rule of instrument `{}` can say: {}",
                    found.get_ref(),
                    file.instrument.name(),
                    expected.join(", ")
                );
                reader.at(source, found.span(), message);
            }
        };
        licence(self, &file.licence, file.instrument.licences());
        let mut exceptions = Vec::with_capacity(file.exception.len());
        for (nth, exception) in file.exception.iter().enumerate() {
            let name = exception.name.get_ref();
            if file.exception[..nth]
                .iter()
                .any(|e| e.name.get_ref() == name)
            {
                let message = format!("the exception `{name}` is here twice");
                self.at(source, exception.name.span(), message);
            }
            let expected = file.instrument.licences_of_exceptions();
            licence(self, &exception.licence, expected);
            // One before others keeps them from what it holds for.
            let last = nth + 1 == file.exception.len();
            if last && exception.licence.get_ref() == file.licence.get_ref() {
                let message = format!(
                    "found `{}`, which the rule says without the exception `{name}` too; expected another licence",
                    exception.licence.get_ref()
                );
                self.at(source, exception.licence.span(), message);
            }
            let text = Expression::read(exception.condition.get_ref());
            let condition = text.and_then(|text| self.compile(number, file.instrument, &text));
            exceptions.push(Exception {
                name: name.clone(),
                words: exception.description.clone(),
                condition: condition.unwrap_or_else(|error| {
                    self.in_condition(source, &exception.condition, error);
                    Condition::never()
                }),
                licence: *exception.licence.get_ref(),
            });
        }
        for cause in &file.responds_to {
            self.cause(source, id, cause);
        }
        let numbers = self.numbers(source, file);
        let number = |name: &str| numbers.get(name).copied();
        let facts = self.facts(source, file);
        let early = self.early(source, file);
        let issuer_code = self.law.symbols.code(act.issuer.get_ref());
        if file.instrument == Instrument::Rescission && file.supersedes.is_empty() {
            let message = format!(
                "`{id}` is a rescission that ends nothing, expected the ids of rules under `supersedes`"
            );
            self.at(source, file.id.span(), message);
        }
        if file.instrument == Instrument::Rescission {
            self.rescinds(source, file, act.issuer.get_ref(), announced);
        }
        if file.instrument == Instrument::ImportBan {
            self.bans_imports(source, file, act.issuer.get_ref());
        }
        let rule = Rule {
            id: id.clone(),
            title: act.title.get_ref().clone(),
            issuer: act.issuer.get_ref().clone(),
            issuer_code,
            instrument: file.instrument,
            words: file.description.clone(),
            citation: act.citation.get_ref().clone(),
            url: act.url.clone(),
            note: file.note.clone(),
            confidence: format!("{:?}", file.confidence).to_lowercase(),
            status: status.name().into(),
            announced,
            text_lag_days: match (announced, file.published.as_ref()) {
                (Some(first), Some(text)) => (text.get_ref().0 - first).get_days().max(0),
                _ => 0,
            },
            compliance,
            ended,
            early,
            enforced,
            text: file.condition.get_ref().clone(),
            condition: self.conditions[at].clone(),
            licence: *file.licence.get_ref(),
            exceptions,
            applies_to: self.applies_to(source, file, act.issuer.get_ref()),
            supersedes: self.others(source, file, &file.supersedes, false),
            carves_out: self.others(source, file, &file.carves_out, true),
            responds_to: file
                .responds_to
                .iter()
                .map(|r| r.get_ref().clone())
                .collect(),
            levy_share: number(LEVY_SHARE.name).unwrap_or(0.0),
            cap_tpp: number(TIER2_CAP_TPP.name).unwrap_or(f64::INFINITY),
            home_volume_share: number(HOME_VOLUME_SHARE.name),
            support_usd: SUPPORT.map(|kind| number(kind.name).unwrap_or(0.0)),
            check_usd: number(CHECK_USD.name).unwrap_or(0.0),
            detection_multiple: number(DETECTION_MULTIPLE.name).unwrap_or(1.0),
            facts,
        };
        self.law.rules.push(Arc::new(rule));
    }

    /// A rescission is an act of the issuer of the rules that it ends, and these are known when it is announced.
    fn rescinds(
        &mut self,
        source: &Source,
        file: &RuleFile,
        issuer: &str,
        announced: Option<Date>,
    ) {
        for name in &file.supersedes {
            // A name that is none is told where the others are read.
            let Some(at) = self.ids.iter().position(|id| id == name.get_ref()) else {
                continue;
            };
            let (other, first) = self.issued[at].clone();
            let id = name.get_ref();
            if other != issuer {
                let message = format!(
                    "found `{id}`, a rule of {other}, expected a rule of {issuer}: a rescission ends rules of its own issuer"
                );
                self.at(source, name.span(), message);
            } else if let (Some(first), Some(day)) = (first, announced)
                && first > day
            {
                let message = format!(
                    "found `{id}`, announced on {first}, expected a rule announced by {day}, when it is rescinded"
                );
                self.at(source, name.span(), message);
            }
        }
    }

    /// An import ban keeps goods out of the nation that makes it; elsewhere it would stand as a ban on exports to that nation.
    fn bans_imports(&mut self, source: &Source, file: &RuleFile, issuer: &str) {
        let to = &file.applies_to;
        let home = |name: &Spanned<String>| [issuer, "world"].contains(&name.get_ref().as_str());
        let first = to.destinations.first().or(to.headquarters.first());
        if let Some(first) = first.filter(|_| !to.destinations.iter().any(home)) {
            let message = format!(
                "found `{}`, expected `{issuer}` among the destinations: an import ban bars goods from its issuer",
                first.get_ref()
            );
            self.at(source, first.span(), message);
        } else if let Some(out) = to.except.iter().find(|name| name.get_ref() == issuer) {
            let message = format!(
                "found `{issuer}`, expected other exceptions: an import ban bars goods from its issuer"
            );
            self.at(source, out.span(), message);
        }
    }

    fn dates(&mut self, source: &Source, file: &RuleFile, recorded: bool) {
        let day = |d: &Option<Spanned<TomlDate>>| d.as_ref().map(|d| d.get_ref().0);
        let dates = RuleDateOrder {
            announced: day(&file.announced),
            leaked: day(&file.leaked),
            published: day(&file.published),
            compliance: day(&file.compliance),
            ended: day(&file.ended),
            early: file.early.iter().map(|e| e.on.get_ref().0).collect(),
            binds: *file.enforced.get_ref(),
            recorded,
        };
        let Some((field, message)) = dates.out_of_order() else {
            return;
        };
        let span = match field {
            "announced" => file.announced.as_ref().map(Spanned::span),
            "leaked" => file.leaked.as_ref().map(Spanned::span),
            "published" => file.published.as_ref().map(Spanned::span),
            "compliance" => file.compliance.as_ref().map(Spanned::span),
            "ended" => file.ended.as_ref().map(Spanned::span),
            _ => {
                let one = file.early.iter().find(|e| {
                    let alone = RuleDateOrder {
                        early: vec![e.on.get_ref().0],
                        ..dates
                    };
                    alone.out_of_order().is_some()
                });
                one.map(|e| e.on.span())
            }
        };
        self.at(source, span.unwrap_or_else(|| file.id.span()), message);
    }

    fn early(&mut self, source: &Source, file: &RuleFile) -> Vec<EarlyNotice> {
        let mut early = Vec::with_capacity(file.early.len());
        for (nth, one) in file.early.iter().enumerate() {
            let vendor = one.vendor.get_ref();
            if file.early[..nth]
                .iter()
                .any(|e| e.vendor.get_ref() == vendor)
            {
                let message = format!("`{vendor}` is here twice, expected one day for each firm");
                self.at(source, one.vendor.span(), message);
            }
            let known = self.names.of(NameDomain::Designer);
            if !known.contains(vendor) {
                let message = format!(
                    "found `{vendor}`, expected {}",
                    NameDomain::Designer.words()
                );
                self.wrong(source, &one.vendor, message, known);
            }
            early.push(EarlyNotice {
                vendor: self.law.symbols.code(vendor),
                on: one.on.get_ref().0,
            });
        }
        early
    }

    /// The numbers that the instrument reads.
    fn numbers(&mut self, source: &Source, file: &RuleFile) -> HashMap<&'static str, f64> {
        let declared = file.instrument.numbers();
        let kind = file.instrument.name();
        let says_capped = *file.licence.get_ref() == Verdict::Capped
            || file
                .exception
                .iter()
                .any(|e| *e.licence.get_ref() == Verdict::Capped);
        let mut found = HashMap::new();
        for (key, value) in &file.numbers {
            let name = key.get_ref();
            let Some(number) = declared.iter().find(|n| n.name == name) else {
                let list: Vec<String> = declared.iter().map(|n| n.name.to_string()).collect();
                let held = if list.is_empty() {
                    "none".to_string()
                } else {
                    format!("`{}`", list.join("`, `"))
                };
                let message = format!(
                    "found `{name}`, expected the numbers that a rule of instrument `{kind}` holds: {held}; what the model does not read goes under `facts`"
                );
                self.wrong(source, key, message, &list);
                continue;
            };
            if number.need == NumberNeed::WhereCapped && !says_capped {
                let message = format!(
                    "found `{name}` in a rule that never says `capped`, expected none: nothing would read it"
                );
                self.at(source, key.span(), message);
            }
            if number.accepts(*value.get_ref()) {
                found.insert(number.name, *value.get_ref());
            } else {
                let message = format!(
                    "`{name}`: found {}, expected a number {}",
                    value.get_ref(),
                    number.range()
                );
                self.at(source, value.span(), message);
            }
        }
        let given = |name: &str| file.numbers.keys().any(|key| key.get_ref() == name);
        // A misspelt name has been told, and is most often the one that is missing.
        let strange = |key: &Spanned<String>| declared.iter().all(|n| n.name != key.get_ref());
        let declared = if file.numbers.keys().any(strange) {
            &[]
        } else {
            declared
        };
        for number in declared {
            let missing = match number.need {
                NumberNeed::Optional => false,
                NumberNeed::Always => !given(number.name),
                NumberNeed::WhereCapped => says_capped && !given(number.name),
                NumberNeed::OneOfThem => {
                    number.name == declared[0].name && !declared.iter().any(|n| given(n.name))
                }
            };
            if missing {
                let names: Vec<&str> = match number.need {
                    NumberNeed::OneOfThem => declared.iter().map(|n| n.name).collect(),
                    _ => vec![number.name],
                };
                let message = format!(
                    "`{}` needs the number `{}` under `numbers`, {}",
                    file.id.get_ref(),
                    names.join("` or `"),
                    number.range()
                );
                self.at(source, file.id.span(), message);
            }
        }
        found
    }

    /// Numbers of the text that nothing reads; what an instrument reads cannot hide among them.
    fn facts(&mut self, source: &Source, file: &RuleFile) -> Vec<(String, f64)> {
        for (key, value) in &file.facts {
            let name = key.get_ref();
            let read = |i: &&Instrument| i.numbers().iter().any(|n| n.name == name);
            if let Some(instrument) = Instrument::ALL.iter().find(read) {
                let message = format!(
                    "found `{name}` under `facts`, which the model does not read; expected it under `numbers` of a rule of instrument `{}`",
                    instrument.name()
                );
                self.at(source, key.span(), message);
            }
            if !value.get_ref().is_finite() {
                let message = format!(
                    "`{name}`: found {}, expected a finite number",
                    value.get_ref()
                );
                self.at(source, value.span(), message);
            }
        }
        let facts = file.facts.iter();
        facts
            .map(|(key, value)| (key.get_ref().clone(), *value.get_ref()))
            .collect()
    }

    /// Something that a rule responds to: another rule, or an event of the table.
    fn cause(&mut self, source: &Source, id: &str, cause: &Spanned<String>) {
        let Some(event) = cause.get_ref().strip_prefix("event:") else {
            if cause.get_ref() == id {
                let message = format!("`{id}` responds to itself, expected another rule");
                self.at(source, cause.span(), message);
            }
            self.index(source, cause);
            return;
        };
        if !self.names.events.iter().any(|known| known == event) {
            let known = self.names.events.iter();
            let known: Vec<String> = known.map(|e| format!("event:{e}")).collect();
            let message = format!(
                "found `{}`, expected the id of a rule or `event:` with an event of configs/rules/events.csv",
                cause.get_ref()
            );
            self.wrong(source, cause, message, &known);
        }
    }

    fn index(&mut self, source: &Source, name: &Spanned<String>) -> Option<u16> {
        let at = self.ids.iter().position(|id| id == name.get_ref());
        if at.is_none() {
            let message = format!("found `{}`, expected the id of a rule", name.get_ref());
            let ids = self.ids.clone();
            self.wrong(source, name, message, &ids);
        }
        at.map(|at| at as u16)
    }

    /// Rules that a rule voids, or carves out of.
    fn others(
        &mut self,
        source: &Source,
        file: &RuleFile,
        names: &[Spanned<String>],
        carved: bool,
    ) -> Vec<u16> {
        let mut found = Vec::with_capacity(names.len());
        for name in names {
            let Some(at) = self.index(source, name) else {
                continue;
            };
            let other = self.kinds[usize::from(at)];
            if name.get_ref() == file.id.get_ref() {
                self.at(source, name.span(), "found itself, expected another rule");
            } else if found.contains(&at) {
                let message = format!("`{}` is here twice", name.get_ref());
                self.at(source, name.span(), message);
            } else if carved && !file.instrument.overlaps(other) {
                let message = format!(
                    "found `{}`, expected a rule on {}: that one judges {}",
                    name.get_ref(),
                    file.instrument.judged(),
                    other.judged()
                );
                self.at(source, name.span(), message);
            }
            found.push(at);
        }
        found
    }

    fn applies_to(&mut self, source: &Source, file: &RuleFile, issuer: &str) -> AppliesTo {
        let to = &file.applies_to;
        let china = self.law.symbols.code("CHN");
        let own = self.law.symbols.code(issuer);
        let (not_from, only_from) = match to.origin.get_ref().as_str() {
            "us" => (Some(china), None),
            "any" => (None, None),
            "foreign" => (Some(own), None),
            nation => {
                let words = ["us", "any", "foreign"];
                let mut names: Vec<String> = words.map(String::from).to_vec();
                let designed = file.instrument.has_designer();
                let home = self.names.nations.iter().any(|n| n == nation);
                if !home || !designed {
                    let expected = if designed {
                        names.extend(self.names.nations.iter().cloned());
                        "`us`, `any`, `foreign` or the ISO3 code of a nation".to_string()
                    } else {
                        format!(
                            "`us`, `any` or `foreign`: the model knows no designer of {}",
                            file.instrument.judged()
                        )
                    };
                    let message = format!("found `{nation}`, expected {expected}");
                    self.wrong(source, &to.origin, message, &names);
                }
                (None, Some(self.law.symbols.code(nation)))
            }
        };
        if to.destinations.is_empty() && to.headquarters.is_empty() {
            let message = format!(
                "`{}` reaches nobody, expected `destinations` or `headquarters`",
                file.id.get_ref()
            );
            self.at(source, to.origin.span(), message);
        }
        let mut groups = |list: &[Spanned<String>], of_buyers: bool| -> Vec<NationGroup> {
            list.iter()
                .filter_map(|name| self.group(source, name, own, of_buyers))
                .collect()
        };
        AppliesTo {
            destinations: groups(&to.destinations, false),
            except: groups(&to.except, false),
            headquarters: groups(&to.headquarters, true),
            issuer: own,
            not_from,
            only_from,
        }
    }

    fn group(
        &mut self,
        source: &Source,
        name: &Spanned<String>,
        issuer: f64,
        of_buyers: bool,
    ) -> Option<NationGroup> {
        let group = match name.get_ref().as_str() {
            "world" => Some(NationGroup::World),
            "foreign" => Some(NationGroup::AllBut(issuer)),
            "D:5" => Some(NationGroup::D5),
            nation if self.names.nations.iter().any(|n| n == nation) => {
                Some(NationGroup::Nation(self.law.symbols.code(nation)))
            }
            _ if of_buyers => None,
            "A:1" => Some(NationGroup::A1),
            "A:5" => Some(NationGroup::A5),
            "A:6" => Some(NationGroup::A6),
            "D:1" => Some(NationGroup::D1),
            "D:4" => Some(NationGroup::D4),
            "tier:1" => Some(NationGroup::Tier(1)),
            "tier:2" => Some(NationGroup::Tier(2)),
            "tier:3" => Some(NationGroup::Tier(3)),
            _ => None,
        };
        if group.is_none() {
            let mut names: Vec<String> = self.names.nations.clone();
            let words: &[&str] = if of_buyers {
                &["world", "foreign", "D:5"]
            } else {
                &[
                    "world", "foreign", "A:1", "A:5", "A:6", "D:1", "D:4", "D:5", "tier:1",
                    "tier:2", "tier:3",
                ]
            };
            names.extend(words.iter().map(|word| (*word).to_string()));
            let expected = if of_buyers {
                "the home of buyers: a nation (ISO3), D:5, world or foreign"
            } else {
                "a nation (ISO3), a country group such as D:5, or a tier"
            };
            let message = format!("found `{}`, expected {expected}", name.get_ref());
            self.wrong(source, name, message, &names);
        }
        group
    }
}
