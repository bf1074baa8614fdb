//! Help: commands grouped by purpose, with one example for each, and errors for old names.

use clap::{Args, Command, CommandFactory};

use super::{Cli, Failure};

/// What a group of commands is for, with its commands in order, each with an example.
type CommandGroup = (&'static str, &'static [(&'static str, &'static str)]);

/// Every visible command, in the order of `chokepoint --help`.
const GROUPS: [CommandGroup; 6] = [
    (
        "Run studies",
        &[
            ("run", "chokepoint run did-controls-work --runs 100"),
            ("whatif", "chokepoint whatif my-rule.toml --runs 100"),
            ("explore", "chokepoint explore s3-h20"),
            ("report", "chokepoint report results/did-controls-work"),
            (
                "plot",
                "chokepoint plot results/did-controls-work --figure gap-by-regime",
            ),
            (
                "export",
                "chokepoint export results/did-controls-work effects --csv",
            ),
            ("diff", "chokepoint diff results/first results/second"),
        ],
    ),
    (
        "Ask the law",
        &[
            (
                "classify",
                "chokepoint classify --on 2023-12-01 --chip H100",
            ),
            ("rules", "chokepoint rules --on 2023-12-01"),
            (
                "design",
                "chokepoint design nvidia-h100-sxm --on 2024-01-01",
            ),
        ],
    ),
    (
        "Ask questions of a study",
        &[
            (
                "replay",
                "chokepoint replay s1-october-2022 --regime oct22 --run 3",
            ),
            (
                "decompose",
                "chokepoint decompose s1-october-2022 --runs 50",
            ),
            (
                "sensitivity",
                "chokepoint sensitivity s1-october-2022 --method morris",
            ),
            (
                "discover",
                "chokepoint discover s1-october-2022 --arm oct22",
            ),
            (
                "reversal",
                "chokepoint reversal s1-october-2022 --better more",
            ),
            ("ledger", "chokepoint ledger s1-october-2022"),
            ("claims", "chokepoint claims C11"),
        ],
    ),
    (
        "Evidence",
        &[
            ("validate", "chokepoint validate"),
            ("calibrate", "chokepoint calibrate --out posterior"),
            ("forecast", "chokepoint forecast --dated 2026-11-28"),
            (
                "score",
                "chokepoint score forecasts/2026-11-28 --evidence series.csv",
            ),
            ("update", "chokepoint update --configs changed"),
            ("audit", "chokepoint audit s1-october-2022"),
        ],
    ),
    (
        "Configuration",
        &[
            ("list", "chokepoint list studies"),
            ("explain", "chokepoint explain points_per_decade_of_compute"),
            ("new", "chokepoint new rule --instrument levy my-levy"),
            ("check", "chokepoint check my-rule.toml"),
            ("schema", "chokepoint schema act"),
            ("reference", "chokepoint reference"),
            ("completions", "chokepoint completions bash"),
            ("man", "chokepoint man share/man/man1"),
        ],
    ),
    (
        "Many machines",
        &[
            (
                "plan",
                "chokepoint plan did-controls-work --blocks 8 --out big",
            ),
            ("block", "chokepoint block big 0"),
            ("merge", "chokepoint merge big"),
            (
                "slurm",
                "chokepoint slurm submit did-controls-work --folder big",
            ),
        ],
    ),
];

/// The command line with grouped help and examples.
pub fn command_line() -> Command {
    let mut command = Cli::command();
    for (_, group) in GROUPS {
        for (name, example) in group {
            let text = format!("Example:\n  {example}");
            command = command.mut_subcommand(name, |c| c.after_help(text));
        }
    }
    let listing = list_commands(&command);
    let header = command.get_styles().get_header();
    // The page of the program lists its commands before its options.
    let template = format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{{before-help}}{header}Options:{header:#}\n{{options}}{{after-help}}"
    );
    command
        .help_template(template)
        .before_help(listing)
        .after_help("Use `chokepoint COMMAND --help` for options and an example.")
}

/// All groups with their commands, one line each.
fn list_commands(command: &Command) -> String {
    let header = command.get_styles().get_header();
    let literal = command.get_styles().get_literal();
    let mut text = String::new();
    for (purpose, group) in GROUPS {
        text.push_str(&format!("{header}{purpose}:{header:#}\n"));
        for (name, _) in group {
            let about = command.find_subcommand(name).and_then(Command::get_about);
            let about = about.map_or(String::new(), ToString::to_string);
            text.push_str(&format!("  {literal}{name:<11}{literal:#}  {about}\n"));
        }
        text.push('\n');
    }
    text.truncate(text.trim_end().len());
    text
}

/// What follows the old name of a command; the command only says its new name.
#[derive(Args)]
pub struct RenamedArgs {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    _words: Vec<String>,
}

/// The error for the old name of a command.
pub fn renamed(old: &str, new: &str) -> Failure {
    Failure::Input(format!("error: `{old}` is now `{new}`\n"))
}

/// The error for an option that was named `--lucks`.
pub fn renamed_lucks(_: &str) -> Result<u32, String> {
    Err("`--lucks` is now `--replicates`".into())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_command_is_listed_once_with_an_example_that_parses() {
        let command = command_line();
        let visible: BTreeSet<&str> = command
            .get_subcommands()
            .filter(|c| !c.is_hide_set())
            .map(Command::get_name)
            .collect();
        let mut listed = BTreeSet::new();
        for (name, example) in GROUPS.iter().flat_map(|(_, group)| *group) {
            assert!(listed.insert(*name), "{name} is listed twice");
            assert!(
                example.starts_with(&format!("chokepoint {name}")),
                "{example}"
            );
            let parsed = command_line().try_get_matches_from(example.split(' '));
            assert!(parsed.is_ok(), "{example}: {:?}", parsed.err());
        }
        assert_eq!(listed, visible);
    }

    #[test]
    fn every_command_and_option_is_described() {
        fn visit(command: &Command) {
            assert!(command.get_about().is_some(), "{}", command.get_name());
            let hidden = |a: &&clap::Arg| !a.is_hide_set();
            for argument in command.get_arguments().filter(hidden) {
                let name = format!("{} {}", command.get_name(), argument.get_id());
                assert!(argument.get_help().is_some(), "{name} has no description");
            }
            command
                .get_subcommands()
                .filter(|c| !c.is_hide_set())
                .for_each(visit);
        }
        visit(&command_line());
    }

    #[test]
    fn old_names_are_errors_that_name_the_new_ones() {
        let words = [
            "chokepoint",
            "reversal",
            "s",
            "--better",
            "more",
            "--lucks",
            "3",
        ];
        let error = command_line().try_get_matches_from(words).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("`--lucks` is now `--replicates`")
        );
        let old = ["chokepoint", "flip", "s", "--better", "more", "--help"];
        assert!(command_line().try_get_matches_from(old).is_ok());
        assert_eq!(
            renamed("flip", "reversal").text(),
            "error: `flip` is now `reversal`\n"
        );
    }
}
