//! `chokepoint completions` and `chokepoint man`: what a shell and a reader of manuals are given.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

use super::{Answer, Failure, help, say};
use crate::results::files;

#[derive(Args)]
pub struct CompletionsArgs {
    /// Shell that is to complete commands, options and their values.
    shell: Shell,
}

#[derive(Args)]
pub struct ManArgs {
    /// Folder for the pages, one for each command; it is made if it is missing.
    folder: PathBuf,
}

pub fn completions(args: &CompletionsArgs) -> Answer {
    let mut script = Vec::new();
    let mut command = help::command_line();
    clap_complete::generate(args.shell, &mut command, "chokepoint", &mut script);
    say(&String::from_utf8_lossy(&script))
}

pub fn man(args: &ManArgs) -> Answer {
    let failed =
        |e: std::io::Error| Failure::Input(format!("error: {}: {e}\n", args.folder.display()));
    std::fs::create_dir_all(&args.folder).map_err(failed)?;
    let mut command = help::command_line().disable_help_subcommand(true);
    command.build();
    let mut pages = vec![command.clone()];
    pages.extend(
        command
            .get_subcommands()
            .filter(|c| !c.is_hide_set())
            .cloned(),
    );
    let mut ready = Vec::new();
    for (at, command) in pages.into_iter().enumerate() {
        let own = command.get_name().to_string();
        let name = if at == 0 {
            own
        } else {
            format!("chokepoint-{own}")
        };
        let mut page = Vec::new();
        let titled = command.display_name(name.clone());
        clap_mangen::Man::new(titled)
            .render(&mut page)
            .map_err(failed)?;
        let path = args.folder.join(format!("{name}.1"));
        let old = std::fs::read(&path).unwrap_or_default();
        if path.exists() && !String::from_utf8_lossy(&old).contains(&format!(".TH {name} ")) {
            return Err(Failure::Input(format!(
                "error: {}: is there and was not written by this program; move it, or name another folder\n",
                path.display()
            )));
        }
        ready.push((path, page));
    }
    for (path, page) in ready {
        files::write(&path, page)?;
    }
    say(&format!("{}\n", args.folder.display()))
}
