//! `chokepoint explore`: serves a page on this machine that asks questions of the model by hand.

use std::process::{Command, Stdio};
use std::sync::Arc;

use clap::Args;

use super::execution::{stop_on_signal, threads};
use super::{Answer, Failure, note, say};
use crate::config::source::Configs;
use crate::explorer::{
    ExplorerQuestion, MAIN_STUDY, QuestionService, RequestGuard, Routes, listen, preset, serve,
    token,
};

#[derive(Args)]
pub struct ExploreArgs {
    /// A study file, or a name from `chokepoint list studies`, with which the page opens.
    study: Option<String>,
    /// Port on this machine; the default is any that is free.
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    port: u16,
    /// Print the address and open no browser.
    #[arg(long)]
    no_open: bool,
    /// Open this question: an address of the page, or the part of one after `#`.
    #[arg(long, value_name = "LINK", conflicts_with = "study")]
    question: Option<String>,
    /// Number of threads; the default is one for each processor core.
    #[arg(long, value_parser = super::count::<u16>)]
    threads: Option<u16>,
}

pub fn explore(configs: Configs, args: &ExploreArgs) -> Answer {
    let asked = args
        .question
        .as_deref()
        .map(ExplorerQuestion::of_link)
        .transpose();
    let asked = asked.map_err(|why| Failure::Input(format!("error: --question: {why}\n")))?;
    let study = args
        .study
        .as_deref()
        .map(|name| configs.find(name, "studies"))
        .transpose()?;
    let mut service = QuestionService::open(configs, threads(args.threads))?;
    let name = study.map(|source| service.put(source)).transpose()?;
    let start = match &asked {
        Some(question) => {
            service
                .composed(question)
                .map_err(|problems| failed(&problems))?;
            question.clone()
        }
        None => preset(&service, name.as_deref().unwrap_or(MAIN_STUDY))
            .map_err(|problems| failed(&problems))?,
    };
    let cannot = |what: &str, error: &dyn std::fmt::Display| {
        Failure::Input(format!("error: {what}: {error}\n"))
    };
    let listener = listen(args.port).map_err(|e| cannot(&format!("port {}", args.port), &e))?;
    let port = listener
        .local_addr()
        .map_err(|e| cannot("port", &e))?
        .port();
    let guard = RequestGuard::new(token().map_err(|e| cannot("token", &e))?, port);
    let mut address = guard.address();
    if asked.is_some() || name.is_some() {
        address.push_str(&format!("#{}", start.link()));
    }
    let end = stop_on_signal()?;
    let routes = Routes::new(service, guard, start).map_err(|e| cannot("threads", &e))?;
    say(&format!("{address}\n"))?;
    note("the page is on this machine only; Ctrl-C ends it\n");
    if !args.no_open {
        open(&address);
    }
    serve(listener, &Arc::new(routes), &end).map_err(|e| cannot("server", &e))
}

fn failed(problems: &[crate::explorer::QuestionProblem]) -> Failure {
    let line = |p: &crate::explorer::QuestionProblem| {
        let help = p
            .help
            .as_ref()
            .map_or(String::new(), |help| format!("; {help}"));
        format!("error: --question: {}: {}{help}\n", p.field, p.message)
    };
    Failure::Input(problems.iter().map(line).collect())
}

/// Opens the browser of the system. Where there is none, the printed address is enough.
fn open(address: &str) {
    let program = if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    let mut command = Command::new(program);
    command
        .arg(address)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    if let Ok(mut child) = command.spawn() {
        std::thread::spawn(move || drop(child.wait()));
    }
}
