//! `chokepoint audit`: what balances, and what is there without acting.

use clap::Args;

use super::{Answer, Failure, say};
use crate::config::source::Configs;
use crate::config::study;
use crate::study::Library;
use crate::study::audit::{NEVER_BIND, NOT_ASKED, audit as run_audit};

#[derive(Args)]
pub struct AuditArgs {
    /// The study whose months are audited.
    #[arg(default_value = "did-controls-work")]
    study: String,
}

pub fn audit(configs: Configs, args: &AuditArgs) -> Answer {
    let library = Library::read(configs, &[])?;
    let source = library.configs.find(&args.study, "studies")?;
    let file = study::read(&source, &library.configs)?;
    let found = run_audit(&library, &file)?;
    let mut text = format!(
        "books: worst imbalance {:.1e} of a month's volume in {} runs\n",
        found.worst_imbalance, found.runs
    );
    let mut unexplained = usize::from(found.worst_imbalance > 1e-6);
    let mut list = |what: &str, items: &[String], explained: &dyn Fn(&str) -> Option<String>| {
        if items.is_empty() {
            text.push_str(&format!("{what}: none\n"));
        }
        for item in items {
            match explained(item) {
                Some(why) => text.push_str(&format!("{what}: {item} (known: {why})\n")),
                None => {
                    unexplained += 1;
                    text.push_str(&format!("{what}: {item}\n"));
                }
            }
        }
    };
    list(
        "parameters without effect",
        &found.inert_parameters,
        &|_| None,
    );
    list("channels without effect", &found.inert_channels, &|_| None);
    list("rules that never bind", &found.idle_rules, &|id| {
        NEVER_BIND
            .iter()
            .find(|(rule, _)| *rule == id)
            .map(|(_, why)| (*why).to_string())
    });
    list("events that never happen", &found.missing_events, &|_| None);
    for (kind, why) in NOT_ASKED {
        text.push_str(&format!("not asked: {} ({why})\n", kind.short()));
    }
    say(&text)?;
    if unexplained > 0 {
        return Err(Failure::No(format!("{unexplained} unexplained\n")));
    }
    Ok(())
}
