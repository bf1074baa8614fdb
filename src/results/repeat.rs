//! Commands that make recorded results again, as they can be pasted into a shell.

use super::Manifest;
use crate::foundation::escape::{recorded_command, shell_argument, shell_option, shell_words};

/// A recorded command as it can be pasted into a shell.
pub fn command(recorded: &str) -> String {
    recorded_command(recorded).unwrap_or_else(|| NO_COMMAND.into())
}

/// The command that runs one future of one arm again. What `replay` does not know is run with `--only`.
pub fn replay(manifest: &Manifest, arm: &str, run: u32) -> String {
    let Some(command) = recorded_command(&manifest.command) else {
        return NO_COMMAND.into();
    };
    let words = shell_words(&command).unwrap_or_default();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let study = words.get(2).copied().unwrap_or(&manifest.study.name);
    if words.contains(&"--only") {
        return command;
    }
    if words.get(1) != Some(&"run") {
        return format!("{command} --only {run}");
    }
    let mut kept = String::new();
    for pair in words.get(3..).unwrap_or(&[]).chunks(2) {
        match pair {
            [option @ ("--seed" | "--off"), value] => {
                kept.push_str(&format!(" {}", shell_option(option, value)));
            }
            ["--runs", _] => {}
            _ => return format!("{command} --only {run}"),
        }
    }
    format!(
        "chokepoint replay {} {} --run {run} {}{kept}",
        shell_argument(study),
        shell_option("--regime", arm),
        shell_option("--against", &manifest.study.baseline)
    )
}

/// Stands where a results folder from elsewhere holds something else than a command of this program.
const NO_COMMAND: &str = "(the folder records no command of this program)";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replay_keeps_what_replay_knows_and_falls_back_where_it_does_not() {
        let mut m = Manifest::default();
        m.study.baseline = "none".into();
        m.command = "chokepoint run mine --runs 60 --seed 3 --off rental".into();
        assert_eq!(
            replay(&m, "oct22", 7),
            "chokepoint replay mine --regime oct22 --run 7 --against none --seed 3 --off rental"
        );
        m.command = "chokepoint run mine --set gamma=2".into();
        assert_eq!(
            replay(&m, "oct22", 7),
            "chokepoint run mine --set gamma=2 --only 7"
        );
        // What stands after `whatif` is a rule, which no replay reads.
        m.command = "chokepoint whatif mine.toml --runs 60".into();
        assert_eq!(
            replay(&m, "mine", 7),
            "chokepoint whatif mine.toml --runs 60 --only 7"
        );
        m.command = "chokepoint run 'my studies/a.toml' --seed 3".into();
        assert_eq!(
            replay(&m, "a; touch pwned #", 7),
            "chokepoint replay 'my studies/a.toml' --regime 'a; touch pwned #' --run 7 --against none --seed 3"
        );
        m.command = "chokepoint run mine; touch pwned".into();
        assert_eq!(
            replay(&m, "oct22", 7),
            "chokepoint run 'mine;' touch pwned --only 7"
        );
        m.command = "touch pwned".into();
        assert_eq!(replay(&m, "oct22", 7), NO_COMMAND);
        m.command = "chokepoint run 'my studies/a.toml' --only 7".into();
        assert_eq!(
            replay(&m, "oct22", 7),
            "chokepoint run 'my studies/a.toml' --only 7"
        );
    }
}
