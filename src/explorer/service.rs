//! Opens questions, runs their futures and keeps what the next question can use.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::answer::{AnswerFrame, AnswerLine, answer};
use super::compose::{ComposedQuestion, DRAWN_MEASURES, QuestionParts, compose};
use super::numbers::LargestOfChips;
use super::question::{ExplorerQuestion, QuestionProblem, RefusedQuestion};
use crate::cli::Failure;
use crate::cli::execution::pool;
use crate::config::diagnostics::{Diagnostic, Problems, read_toml};
use crate::config::source::{Configs, Source};
use crate::config::study::{self, StudyFile, overridden};
use crate::results::EventRow;
use crate::study::growing::{GrowingRuns, IdleWorkers};
use crate::study::kept_parts::KeptParts;
use crate::study::on_record::on_record;
use crate::study::plan::{check, most_window_months};
use crate::study::reach::reach_in_words;
use crate::study::timeline::timeline;
use crate::study::{Library, Plan, PlanSettings};

/// Futures after which the first answer is given; then after three times as many each time, since a page takes its time to draw.
const FIRST_ROUND: u32 = 4;
const NEXT_ROUND: u32 = 3;
/// Configurations with rules of one's own that are kept.
const CONFIGURATIONS: usize = 3;

/// A configuration that was read, with what plans of it share.
pub struct OpenedConfiguration {
    files: BTreeMap<String, String>,
    pub library: Arc<Library>,
    parts: Arc<KeptParts>,
    workers: IdleWorkers,
}

impl OpenedConfiguration {
    fn of(library: Library, files: BTreeMap<String, String>) -> Self {
        Self {
            files,
            library: Arc::new(library),
            parts: Arc::default(),
            workers: IdleWorkers::default(),
        }
    }
}

/// A question that is ready to run.
pub struct OpenedQuestion {
    pub question: ExplorerQuestion,
    pub composed: ComposedQuestion,
    pub configuration: Arc<OpenedConfiguration>,
    pub plan: Plan,
}

/// Everything that answers questions.
pub struct QuestionService {
    pub base: Arc<OpenedConfiguration>,
    pub largest: LargestOfChips,
    /// Studies of the user's own, by name.
    pub studies: BTreeMap<String, Source>,
    pub threads: usize,
    pool: rayon::ThreadPool,
    own: Mutex<Vec<Arc<OpenedConfiguration>>>,
    last: Mutex<Option<Arc<OpenedQuestion>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl QuestionService {
    /// # Errors
    /// When the configuration cannot be read.
    pub fn open(configs: Configs, threads: usize) -> Result<Self, Failure> {
        let library = Library::read(configs, &[])?;
        Ok(Self {
            largest: LargestOfChips::of(&library.chips, &library.law.symbols),
            base: Arc::new(OpenedConfiguration::of(library, BTreeMap::new())),
            studies: BTreeMap::new(),
            threads,
            pool: pool(threads)?,
            own: Mutex::default(),
            last: Mutex::default(),
        })
    }

    /// What questions are put together from.
    pub fn parts(&self) -> QuestionParts<'_> {
        QuestionParts {
            library: &self.base.library,
            largest: &self.largest,
            studies: &self.studies,
        }
    }

    /// Puts a study with the others; answers its name.
    ///
    /// # Errors
    /// When it is none.
    pub fn put(&mut self, source: Source) -> Result<String, Problems> {
        let name = study::read(&source, &self.base.library.configs)?
            .name
            .to_string();
        self.studies.insert(name.clone(), source);
        Ok(name)
    }

    /// The configuration of the program with files of a question before it.
    ///
    /// # Errors
    /// When a file is not as it should be.
    pub fn configuration(
        &self,
        files: &BTreeMap<String, String>,
    ) -> Result<Arc<OpenedConfiguration>, Problems> {
        if files.is_empty() {
            return Ok(self.base.clone());
        }
        let mut own = lock(&self.own);
        if let Some(found) = own.iter().find(|c| c.files == *files) {
            return Ok(found.clone());
        }
        let configs = self.configs(files);
        let library = Library::read(configs, &[])?;
        let opened = Arc::new(OpenedConfiguration::of(library, files.clone()));
        if own.len() >= CONFIGURATIONS {
            own.remove(0);
        }
        own.push(opened.clone());
        Ok(opened)
    }

    /// The files of the program and these before them; with files of one's own nothing else is read from the disk.
    pub fn configs(&self, files: &BTreeMap<String, String>) -> Configs {
        let base = &self.base.library.configs;
        if files.is_empty() {
            return base.clone();
        }
        let mut all = base.own();
        all.extend(files.clone());
        Configs::sealed(all)
    }

    /// The study of a question, as it is offered and run.
    ///
    /// # Errors
    /// With what is wrong, each at its field.
    pub fn composed(
        &self,
        question: &ExplorerQuestion,
    ) -> Result<ComposedQuestion, RefusedQuestion> {
        if let Some(last) = lock(&self.last)
            .as_ref()
            .filter(|last| last.question == *question)
        {
            return Ok(last.composed.clone());
        }
        let mut composed = compose(self.parts(), question)?;
        let configuration = self
            .configuration(&composed.files)
            .map_err(|p| refused(&p))?;
        let (library, parts) = (&configuration.library, &configuration.parts);
        // Not yet checked: a window that is longer than what the question leaves of the study is cut here.
        let file: StudyFile = read_toml(&composed.source).map_err(|p| refused(&p))?;
        let most = most_window_months(library, &file, parts).map_err(|p| refused(&p))?;
        if file.window_months > most {
            let fields = [("window_months".to_string(), most.max(1).to_string())];
            let name = std::mem::take(&mut composed.source.name);
            composed.source = overridden(&composed.source, &fields).map_err(|p| refused(&p))?;
            composed.source.name = name;
        }
        Ok(composed)
    }

    /// A question ready to run; the last one is kept.
    ///
    /// # Errors
    /// With everything that would stop the run before its first future.
    pub fn opened(
        &self,
        question: &ExplorerQuestion,
    ) -> Result<Arc<OpenedQuestion>, RefusedQuestion> {
        if let Some(last) = lock(&self.last)
            .as_ref()
            .filter(|last| last.question == *question)
        {
            return Ok(last.clone());
        }
        let composed = self.composed(question)?;
        let configuration = self
            .configuration(&composed.files)
            .map_err(|p| refused(&p))?;
        let library = &configuration.library;
        let plan = self.pool.install(|| -> Result<Plan, Problems> {
            let file = study::read(&composed.source, &library.configs)?;
            check(library, &file, file.runs, None, &configuration.parts)?;
            let settings = PlanSettings {
                seed: file.seed,
                runs: file.runs,
                parts: Some(configuration.parts.clone()),
                ..PlanSettings::default()
            };
            Plan::new(library, file, settings)
        });
        let opened = Arc::new(OpenedQuestion {
            question: question.clone(),
            composed,
            plan: plan.map_err(|p| refused(&p))?,
            configuration,
        });
        *lock(&self.last) = Some(opened.clone());
        Ok(opened)
    }

    /// Answers a question after 4, 12, 36, … futures. `say` is told each line, and answers whether anybody still listens.
    pub fn ask(
        &self,
        question: &ExplorerQuestion,
        stop: &AtomicBool,
        mut say: impl FnMut(AnswerLine) -> bool,
    ) {
        let started = Instant::now();
        let opened = match self.opened(question) {
            Ok(opened) => opened,
            Err(problems) => {
                say(AnswerLine::Refused { problems });
                return;
            }
        };
        let plan = &opened.plan;
        let mut runs = GrowingRuns::new(plan, &opened.configuration.workers);
        let frame = match self.frame(&opened) {
            Ok(frame) => frame,
            Err(problems) => {
                say(AnswerLine::Refused { problems });
                return;
            }
        };
        let mut until = FIRST_ROUND.min(plan.runs);
        loop {
            let whole = self.pool.install(|| runs.grow(until, stop));
            if !whole || stop.load(Ordering::Relaxed) {
                say(AnswerLine::Cancelled);
                return;
            }
            let answered = self.pool.install(|| {
                let results = runs.results(&DRAWN_MEASURES)?;
                answer(&frame, &runs, &results, started.elapsed().as_secs_f64())
            });
            let line = match answered {
                Ok(answer) => AnswerLine::Answer(Box::new(answer)),
                Err(error) => AnswerLine::Refused {
                    problems: vec![QuestionProblem::at("", error.to_string())],
                },
            };
            if !say(line) {
                return;
            }
            if until >= plan.runs {
                say(AnswerLine::Done);
                return;
            }
            // The last round is not a small rest.
            until = if until * 3 > plan.runs * 2 {
                plan.runs
            } else {
                (NEXT_ROUND * until).min(plan.runs)
            };
        }
    }

    /// What is the same for all answers to a question.
    fn frame(&self, opened: &OpenedQuestion) -> Result<AnswerFrame, RefusedQuestion> {
        let library = &opened.configuration.library;
        let record = on_record(library, &opened.plan).map_err(|p| refused(&p))?;
        let mut nothing = Vec::new();
        for own in &opened.question.own_rules {
            let rule = library.law.find(&own.name);
            let at = opened.question.arms.iter().position(|arm| *arm == own.arm);
            let (Some(rule), Some(at)) = (rule, at) else {
                continue;
            };
            let name = &opened.composed.arms[at + 1];
            let regime = opened.plan.regimes.iter().find(|r| r.name == *name);
            let Some(regime) = regime else {
                continue;
            };
            let months = [opened.plan.study.first_month, opened.plan.study.last_month];
            let reached = reach_in_words(library, regime, &[rule], months);
            nothing.extend(
                reached
                    .into_iter()
                    .filter(|one| one.reach.is_nothing())
                    .map(|one| one.words),
            );
        }
        Ok(AnswerFrame {
            arms: opened.composed.arms.clone(),
            record,
            reach: nothing.join("; "),
            warnings: opened.plan.stale.clone(),
        })
    }

    /// The events of one future, each with the arms in which it happens, and where the arms first part.
    ///
    /// # Errors
    /// For a question that cannot be run, and a future that it does not have.
    pub fn future(
        &self,
        question: &ExplorerQuestion,
        future: u32,
    ) -> Result<FutureStory, RefusedQuestion> {
        let opened = self.opened(question)?;
        if future >= opened.plan.runs {
            let message = format!(
                "found {future}, expected the number of a future, 0 to {}",
                opened.plan.runs - 1
            );
            return Err(vec![QuestionProblem::at("future", message)]);
        }
        let told: Vec<Vec<EventRow>> = self.pool.install(|| {
            let arms = 0..opened.plan.regimes.len();
            arms.map(|arm| timeline(&opened.plan, arm, future))
                .collect()
        });
        Ok(FutureStory::of(&opened, &told))
    }
}

/// The events of all arms of one future.
#[derive(serde::Serialize)]
pub struct FutureStory {
    pub rows: Vec<StoryRow>,
    pub differs: Vec<String>,
}

#[derive(serde::Serialize)]
pub struct StoryRow {
    pub month: String,
    pub kind: String,
    pub text: String,
    pub because: String,
    pub arms: Vec<String>,
}

/// Rows of a story, at most.
const MOST_ROWS: usize = 5000;

impl FutureStory {
    fn of(opened: &OpenedQuestion, told: &[Vec<EventRow>]) -> Self {
        let mut rows: BTreeMap<(String, String, String, String), StoryRow> = BTreeMap::new();
        for name in &opened.composed.arms {
            let at = opened.plan.regimes.iter().position(|r| r.name == *name);
            for event in at.map_or(&[][..], |at| &told[at]) {
                let month = event.month.to_string();
                let key = (
                    month.clone(),
                    event.kind.clone(),
                    event.actor.clone(),
                    event.text.clone(),
                );
                let row = rows.entry(key).or_insert_with(|| StoryRow {
                    month,
                    kind: event.kind.replace('_', " "),
                    text: [&event.actor, &event.text].map(String::as_str).join(": "),
                    because: event.cause.clone(),
                    arms: Vec::new(),
                });
                if row.arms.last() != Some(name) {
                    row.arms.push(name.clone());
                }
            }
        }
        let baseline = opened.plan.baseline();
        let others = (0..told.len()).filter(|arm| *arm != baseline);
        let differs = others.map(|arm| {
            let (here, there) = (&told[arm], &told[baseline]);
            let [name, base] = [arm, baseline].map(|at| {
                let regime = &opened.plan.regimes[at];
                if regime.label.is_empty() { &regime.name } else { &regime.label }
            });
            match crate::study::timeline::first_difference(here, there, |_| true) {
                None => format!("{name}: no event differs from {base}."),
                Some((same, a, b)) => {
                    let side = |event: Option<&EventRow>| {
                        event.map_or("nothing more".to_string(), |e| format!("{} {}: {}", e.month, e.actor, e.text))
                    };
                    format!("{name}: the first {same} events are those of {base}. Then {}. Under {base}: {}.", side(a), side(b))
                }
            }
        });
        Self {
            differs: differs.collect(),
            rows: rows.into_values().take(MOST_ROWS).collect(),
        }
    }
}

/// Problems of the study that a question became, at the fields that they come from.
fn refused(problems: &Problems) -> RefusedQuestion {
    QuestionProblem::all(problems, field_of)
}

/// The field of the question that a place of the study, or of a file of rules, comes from.
fn field_of(problem: &Diagnostic) -> String {
    if let Some(file) = problem.file.rsplit_once("rules/own/").map(|(_, name)| name) {
        return format!("own_rules.{}", file.trim_end_matches(".toml"));
    }
    let fields = [
        ("last_month", "end"),
        ("window", "end"),
        ("runs", "futures"),
        ("seed", "seed"),
        ("baseline", "baseline"),
        ("parameter", "parameters"),
        ("channel", "off"),
    ];
    let said = problem.message.as_str();
    let found = fields.iter().find(|(word, _)| said.contains(word));
    found.map_or("arms".to_string(), |(_, field)| (*field).to_string())
}
