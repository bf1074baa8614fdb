//! What a reader takes along: the study, the command that repeats it, the report and the figures, as `run` makes them.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use super::compose::ComposedQuestion;
use super::question::{ExplorerQuestion, QuestionProblem, RefusedQuestion};
use super::service::QuestionService;
use crate::cli::Failure;
use crate::cli::execution::ExecutionArgs;
use crate::cli::folders::figure_csv;
use crate::cli::job::{Progress, StudyJob};
use crate::cli::report::{SealArgs, figure_named, read};
use crate::cli::run::{StudyOverrides, plan_file};
use crate::foundation::escape::{shell_argument, shell_option};
use crate::plots::draw_all;

fn failed(failure: &Failure) -> RefusedQuestion {
    vec![QuestionProblem::at("", failure.text().trim())]
}

/// A folder of this process alone, which goes with it.
pub struct PrivateFolder(PathBuf);

impl PrivateFolder {
    /// # Errors
    /// When it cannot be made.
    pub fn new(name: &str) -> io::Result<Self> {
        let path = std::env::temp_dir().join(format!("chokepoint-explore-{name}"));
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path)?;
        Ok(Self(path))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for PrivateFolder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The name of a study without its ending.
fn stem(composed: &ComposedQuestion) -> &str {
    composed.source.name.trim_end_matches(".toml")
}

/// The command that repeats what the page shows, where the study lies in the folder.
pub fn command(service: &QuestionService, composed: &ComposedQuestion) -> String {
    let mut text = own_command(composed);
    let folder = service.base.library.configs.own_folder();
    if let Some(folder) = folder.filter(|_| composed.files.is_empty()) {
        let folder = folder.to_string_lossy();
        text.push_str(&format!(" {}", shell_option("--configs", &folder)));
    }
    text
}

/// The same, without the folder that the program was started with.
fn own_command(composed: &ComposedQuestion) -> String {
    let mut text = format!("chokepoint run {}", shell_argument(&composed.source.name));
    if !composed.files.is_empty() {
        text.push_str(&format!(" {}", shell_option("--configs", stem(composed))));
    }
    text
}

/// The study and, in a folder for `--configs`, the files of rules beside it.
pub fn files_of(
    service: &QuestionService,
    composed: &ComposedQuestion,
) -> BTreeMap<String, String> {
    let name = stem(composed);
    let own = if composed.files.is_empty() {
        BTreeMap::new()
    } else {
        service.configs(&composed.files).own()
    };
    let below = |(path, text)| (format!("{name}/{path}"), text);
    let mut files: BTreeMap<String, String> = own.into_iter().map(below).collect();
    files.insert(composed.source.name.clone(), composed.source.text.clone());
    files
}

/// The results of a question in a folder, as `run` writes them.
pub struct TakenResults {
    pub question: ExplorerQuestion,
    composed: ComposedQuestion,
    folder: PrivateFolder,
}

impl TakenResults {
    /// Runs the study of a question in a folder of its own.
    ///
    /// # Errors
    /// When the question is refused, or the run is stopped or fails.
    pub fn of(
        service: &QuestionService,
        question: &ExplorerQuestion,
        folder: PrivateFolder,
        stop: &AtomicBool,
    ) -> Result<Self, RefusedQuestion> {
        let composed = service.opened(question)?.composed.clone();
        let choice = StudyOverrides {
            planning: "adaptive".into(),
            ..StudyOverrides::default()
        };
        let configs = service.configs(&composed.files);
        let command = own_command(&composed);
        let file = plan_file(
            &configs,
            composed.source.clone(),
            Vec::new(),
            &choice,
            None,
            &command,
        );
        let how = ExecutionArgs {
            threads: Some(service.threads as u16),
            out: Some(folder.path().join("results")),
            ..ExecutionArgs::default()
        };
        let watch = Progress {
            say: &|_| {},
            begun: &|_| {},
            done: &|_| {},
            stop,
        };
        file.and_then(|file| StudyJob::open(file, &how)?.carry_out(&watch))
            .map_err(|failure| failed(&failure))?;
        Ok(Self {
            question: question.clone(),
            composed,
            folder,
        })
    }

    fn results(&self) -> PathBuf {
        self.folder.path().join("results")
    }

    /// What a file of these results is called.
    pub fn file_name(&self, rest: &str) -> String {
        format!("{}-{rest}", stem(&self.composed))
    }

    /// The report page.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn report(&self) -> Result<Vec<u8>, RefusedQuestion> {
        bytes(&self.results().join("report.html"))
    }

    /// A figure by its name, as `svg`, `png` or `csv`.
    ///
    /// # Errors
    /// For a name that is no figure's, and figures that these results cannot fill.
    pub fn figure(
        &self,
        service: &QuestionService,
        name: &str,
        ending: &str,
    ) -> Result<Vec<u8>, RefusedQuestion> {
        let configs = &service.base.library.configs;
        let names = configs.figure_names();
        if !names.iter().any(|figure| figure == name) {
            let known: Vec<&str> = names.iter().map(String::as_str).collect();
            return Err(vec![QuestionProblem::word(
                "figure",
                name,
                "a figure of the program",
                &known,
            )]);
        }
        let drawn = self
            .results()
            .join("plots")
            .join(format!("{name}.{ending}"));
        if drawn.exists() {
            return bytes(&drawn);
        }
        let folder = self.results();
        let results = read(&folder, &SealArgs::default()).map_err(|f| failed(&f))?;
        let of_study = results
            .manifest
            .study
            .figures
            .iter()
            .find(|f| f.name == *name);
        let figure = match of_study {
            Some(figure) => figure.clone(),
            None => figure_named(configs, name).map_err(|f| failed(&f))?,
        };
        if ending == "csv" {
            let text = figure_csv(&results, &figure).map_err(|f| failed(&f))?;
            return Ok(text.into_bytes());
        }
        let other = self.folder.path().join("others");
        let cannot = |why: String| vec![QuestionProblem::at("figure", why)];
        std::fs::create_dir_all(&other).map_err(|e| cannot(e.to_string()))?;
        let gallery = draw_all(&results, std::slice::from_ref(&figure), &other)
            .map_err(|e| cannot(e.to_string()))?;
        if let Some((_, why)) = gallery.left_out.first() {
            return Err(cannot(why.clone()));
        }
        bytes(&other.join(format!("{name}.{ending}")))
    }
}

fn bytes(path: &Path) -> Result<Vec<u8>, RefusedQuestion> {
    std::fs::read(path).map_err(|e| {
        vec![QuestionProblem::at(
            "",
            format!("the file cannot be read: {e}"),
        )]
    })
}

/// Files in one archive, without compression (ZIP, APPNOTE 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16).
pub fn archive(files: &BTreeMap<String, String>) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (path, text) in files {
        let at = out.len() as u32;
        let (name, data) = (path.as_bytes(), text.as_bytes());
        let mut common = Vec::new();
        // Version 2.0, UTF-8 names, stored, 1 January 2026.
        for part in [20_u16, 1 << 11, 0, 0, (46 << 9) | (1 << 5) | 1] {
            common.extend(part.to_le_bytes());
        }
        common.extend(crc32fast::hash(data).to_le_bytes());
        common.extend((data.len() as u32).to_le_bytes());
        common.extend((data.len() as u32).to_le_bytes());
        common.extend((name.len() as u16).to_le_bytes());
        common.extend(0_u16.to_le_bytes());
        out.extend(b"PK\x03\x04");
        out.extend(&common);
        out.extend(name);
        out.extend(data);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&common);
        // No comment, one disk, no attributes.
        directory.extend([0; 10]);
        directory.extend(at.to_le_bytes());
        directory.extend(name);
    }
    let (start, size, count) = (out.len() as u32, directory.len() as u32, files.len() as u16);
    out.extend(&directory);
    out.extend(b"PK\x05\x06\x00\x00\x00\x00");
    out.extend(count.to_le_bytes());
    out.extend(count.to_le_bytes());
    out.extend(size.to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend(0_u16.to_le_bytes());
    out
}
