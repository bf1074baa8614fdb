//! The explorer: a page on this machine that asks questions of the model, and the server behind it.
//!
//! A question becomes the text of a study. This text is run, offered and repeated: what the page shows is what `run` gives.

mod answer;
mod arms;
mod body;
mod compose;
mod guard;
mod numbers;
mod question;
mod queue;
mod routes;
mod rule_copies;
mod server;
mod service;
mod take;
mod verdicts;
mod world;

pub use answer::{AnswerLine, ExplorerAnswer};
pub use compose::{ComposedQuestion, DRAWN_MEASURES, MAIN_STUDY};
pub use guard::{RequestGuard, token};
pub use question::{ExplorerQuestion, OwnRule, QuestionProblem, RuleEdit};
pub use routes::Routes;
pub use server::{listen, serve};
pub use service::{FutureStory, QuestionService};
pub use verdicts::{VerdictQuery, verdicts};
pub use world::{preset, world};
