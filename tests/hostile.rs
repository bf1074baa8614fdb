//! Hostile text, files and streams: nothing in them is executed, no path leaves its folder, no work is lost on a closed stream.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use chokepoint::config::source::Source;
use chokepoint::foundation::name::Name;
use chokepoint::plots::draw_all;
use chokepoint::results::{FailureRow, Results};
use chokepoint::study::block::{BlockRequest, BlockStore, path};
use chokepoint::study::plan_file::PlanFile;
use chokepoint::study::{RunRecordLayout, RunStore, Worker};

use crate::batch::chokepoint;

/// What people who mean harm put where a name or a title is asked for.
const HOSTILE: &str = "f\" onload=\"document.title='PWN'\" x=\"y x<!--<script </script><script>document.title='PWN'</script> \
    <img src=x onerror=\"document.title='PWN'\"> javascript:document.title='PWN' {{ m.command }} '; touch pwned # $(touch pwned) \
    \u{202e}\u{200f}RTL\u{2028}\0\u{1b}[31m\r\n </title></svg><script src=\"http://127.0.0.1:9/\"></script>";

/// The gallery's results with hostile text in every place that holds words.
fn hostile_results() -> Results {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("plots/gallery/tables");
    let mut results = Results::read(&folder).unwrap();
    let old = "history-free";
    let arm = format!("arm {HOSTILE}");
    let rename = |name: &mut String| {
        if name == old {
            name.clone_from(&arm);
        }
    };
    let spoil = |text: &mut String| text.push_str(HOSTILE);
    let m = &mut results.manifest;
    m.command.push_str(" --off '; touch pwned #'");
    m.names.values_mut().for_each(spoil);
    for named in m
        .measures
        .iter_mut()
        .chain(&mut m.outcomes)
        .chain(&mut m.parameters)
    {
        spoil(&mut named.words);
    }
    let s = &mut m.study;
    for text in [
        &mut s.question,
        &mut s.words,
        &mut s.target_name,
        &mut s.issuer_name,
        &mut s.data_vintage,
    ] {
        spoil(text);
    }
    s.limits.iter_mut().for_each(spoil);
    // Letters that no figure can draw stand where only the page holds words.
    s.limits.push("漢字 🙂".into());
    for a in &mut s.arms {
        rename(&mut a.name);
        a.label = a.name.clone();
        spoil(&mut a.label);
        spoil(&mut a.words);
        for rule in &mut a.rules {
            for text in [&mut rule.title, &mut rule.words, &mut rule.citation] {
                spoil(text);
            }
        }
    }
    for (at, figure) in s.figures.iter_mut().enumerate() {
        // A name holds no mark that a page or a shell reads; letters of any script are letters.
        figure.name = Name::new(format!("{at} f=(%), 漢")).unwrap();
        spoil(&mut figure.title);
        spoil(&mut figure.description);
    }
    results.bands.iter_mut().for_each(|b| rename(&mut b.regime));
    results
        .effects
        .iter_mut()
        .for_each(|e| rename(&mut e.regime));
    let rows = &mut results.outcomes.rows;
    rows.iter_mut().for_each(|r| rename(&mut r.regime));
    for event in &mut results.events {
        rename(&mut event.regime);
        spoil(&mut event.text);
        spoil(&mut event.actor);
    }
    for table in results.tables.values_mut() {
        let regime = table.column("regime");
        for row in &mut table.rows {
            for (at, cell) in row.iter_mut().enumerate() {
                if Some(at) == regime {
                    rename(cell);
                }
            }
        }
    }
    for name in ["ledger", "boxes"] {
        let table = results.tables.get_mut(name).unwrap();
        let regime = table.column("regime");
        for row in &mut table.rows {
            let words = row.iter_mut().enumerate();
            words
                .filter(|(at, cell)| Some(*at) != regime && cell.parse::<f64>().is_err())
                .for_each(|(_, cell)| spoil(cell));
        }
    }
    results.failures.push(FailureRow {
        regime: arm,
        run: 3,
        reason: HOSTILE.into(),
        command: "touch pwned".into(),
    });
    results
}

/// With `HOSTILE_PAGE=PATH` the page is left there for a browser: `tests/browser/hostile.mjs`.
#[test]
fn a_page_of_hostile_text_has_no_tag_and_no_attribute_of_it() {
    let results = hostile_results();
    let out = tempfile::tempdir().unwrap();
    let figures = results.manifest.study.figures.clone();
    let gallery = draw_all(&results, &figures, out.path()).unwrap();
    assert!(gallery.drawn.len() > 5, "{:?}", gallery.left_out);
    let path = out.path().join("report.html");
    chokepoint::report::write(&results, &gallery, &path).unwrap();
    let page = fs::read_to_string(&path).unwrap();
    if let Some(to) = std::env::var_os("HOSTILE_PAGE") {
        fs::copy(&path, to).unwrap();
    }
    for (what, times) in [("<script", 3), ("</script", 3), ("<!--", 0), ("<img", 0)] {
        // The data element is a script too; uPlot and the page's own script hold none of these.
        assert_eq!(page.matches(what).count(), times, "{what}");
    }
    // In the data a quotation mark stands behind a backslash, in a string.
    let data = page.split("id=\"data\">").nth(1).unwrap();
    let data = data.split("</script").next().unwrap();
    let page = page.replacen(data, "", 1);
    assert!(!data.contains(['<', '>', '&', '\u{1b}', '\u{202e}', '\u{2028}']));
    for what in [
        "\" onload",
        "\" x=\"",
        "\0",
        "\u{1b}",
        "\u{202e}",
        "\u{2028}",
        "unsafe-inline",
    ] {
        assert!(!page.contains(what), "{what:?}");
    }
    assert!(
        !page.contains("style=\""),
        "an attribute that the policy forbids"
    );
    let drawn = fs::read_dir(out.path()).unwrap().flatten();
    for file in drawn.filter(|f| f.path().extension().is_some_and(|e| e == "svg")) {
        let text = fs::read_to_string(file.path()).unwrap();
        assert!(!text.contains("<script") && !text.contains("\" onload"));
        assert!(!text.contains(|c: char| c.is_control() && c != '\n'));
    }
    // What can be pasted from the page runs nothing but this program.
    let mut pasted = 0;
    for command in page
        .split("<code>")
        .skip(1)
        .map(|c| c.split('<').next().unwrap())
    {
        let command = command.replace("&#39;", "'").replace("&quot;", "\"");
        let command = command
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&");
        if command.starts_with("chokepoint") {
            let script = format!("chokepoint() {{ printf 'ran\\n'; }}\n{command}");
            let ran = Command::new("bash")
                .args(["-c", &script])
                .current_dir(out.path())
                .output()
                .unwrap();
            assert_eq!(ran.stdout, b"ran\n", "{command}");
            assert!(ran.stderr.is_empty(), "{command}");
            pasted += 1;
        }
    }
    assert!(pasted > 0, "no command stands in the page");
    assert!(!out.path().join("pwned").exists());
    // What leaves the folder, or would run, is no name: it cannot get as far as a figure.
    let scripts = "f\" onload=\"document.title='PWN'\" x=\"y";
    for name in [
        "/tmp/outside",
        "../outside",
        "a/b",
        ".",
        "",
        scripts,
        "x<!--<script",
        "a;b",
        "\u{1b}",
    ] {
        assert!(Name::new(name).is_err(), "{name}");
    }
}

#[test]
fn results_with_formulas_in_their_text_are_read_as_they_were_and_exported_harmless() {
    let mut results = hostile_results();
    let folder = tempfile::tempdir().unwrap();
    // Names of arms are held to their type where a manifest is read; other text may be anything.
    for (at, arm) in results.manifest.study.arms.iter_mut().enumerate() {
        arm.name = format!("arm {at}");
    }
    results.manifest.study.baseline = "arm 0".into();
    results.manifest.study.headline = "arm 2".into();
    for formula in ["=cmd|' /C calc'!A0", "'=x", "@a", "+b"] {
        results.failures = vec![FailureRow {
            regime: "arm 1".into(),
            run: 3,
            reason: formula.into(),
            command: "chokepoint replay".into(),
        }];
        results.write(folder.path()).unwrap();
        let back = Results::read(folder.path()).unwrap();
        assert_eq!(back.effects, results.effects);
        assert_eq!(back.failures, results.failures);
        assert_eq!(back.tables, results.tables);
        let text = fs::read_to_string(folder.path().join("failures.csv")).unwrap();
        assert!(text.contains(&format!(",'{formula},")), "{formula}: {text}");
        let mut exported = Vec::new();
        chokepoint::results::export::export(folder.path(), "failures", 9999, &mut exported)
            .unwrap();
        assert_eq!(String::from_utf8(exported).unwrap(), text);
    }
}

/// The program, with a standard error that takes nothing.
fn with_stderr(folder: &Path, stderr: impl Into<Stdio>, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_chokepoint"))
        .current_dir(folder)
        .args(args)
        .stdout(Stdio::piped())
        .stderr(stderr)
        .output()
        .unwrap()
}

#[test]
fn work_goes_on_and_ends_alike_when_nobody_reads_standard_error() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::write(here.join("bad.csv"), "chip,tpp\nx,many\n").unwrap();
    let run = |out| {
        [
            "run",
            "did-controls-work",
            "--runs",
            "2",
            "--no-report",
            "--out",
            out,
        ]
    };
    let wrong: [(&[&str], i32); 5] = [
        (&["classify", "bad.csv", "--on", "2023-12-01"], 2),
        (&["run", "no-such-study"], 2),
        (&["run", "--no-such-option"], 2),
        (&["check", "bad.csv"], 1),
        (
            &[
                "run",
                "did-controls-work",
                "--threads",
                "65535",
                "--set",
                "choice_slope=9e9",
                "--only",
                "x",
            ],
            2,
        ),
    ];
    let full = || {
        fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap()
    };
    let closed = || {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        writer
    };
    let plain = with_stderr(here, Stdio::null(), &run("plain"));
    assert!(plain.status.success());
    for (name, out) in [
        ("full", with_stderr(here, full(), &run("full"))),
        ("closed", with_stderr(here, closed(), &run("closed"))),
    ] {
        assert_eq!(out.status.code(), Some(0), "{name}");
        assert_eq!(out.stdout, format!("{name}\n").as_bytes());
        crate::batch::same(&here.join("plain"), &here.join(name));
    }
    for (args, code) in wrong {
        for out in [
            with_stderr(here, full(), args),
            with_stderr(here, closed(), args),
        ] {
            assert_eq!(out.status.code(), Some(code), "{args:?}");
        }
    }
}

#[test]
fn nothing_from_a_file_or_the_command_line_acts_on_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::write(
        here.join("a.toml"),
        "include = []\n\"na\\u001b[31mme\\u0007\" = 1\n",
    )
    .unwrap();
    fs::write(here.join("b.csv"), "chip,tpp\n\u{1b}]0;x\u{7},\u{9b}31m\n").unwrap();
    fs::write(
        here.join("c.csv"),
        "chip,tpp,io,datacenter_marketed\n\u{1b}[31mmine\u{202e}\u{7},4799,700,true\n",
    )
    .unwrap();
    let odd = "no\u{1b}[31mfile\r";
    let cases: [(&[&str], bool); 6] = [
        (&["check", "a.toml"], false),
        (&["classify", "b.csv", "--on", "2023-12-01"], false),
        (&["classify", "c.csv", "--on", "2023-12-01"], false),
        (&["run", odd], false),
        (&["run", odd, "--threads", odd], false),
        (&["check", "did-controls-work", "--configs", odd], false),
    ];
    for (args, well) in cases {
        let out = chokepoint(here).args(args).output().unwrap();
        assert_eq!(out.status.success(), well, "{args:?}");
        let said = String::from_utf8([out.stdout, out.stderr].concat()).unwrap();
        let acts = |c: char| c.is_control() && c != '\n' && c != '\t' || c == '\u{202e}';
        assert!(!said.contains(acts), "{args:?}: {said:?}");
        assert!(
            said.contains(['\u{241b}', '\u{240d}', '\u{fffd}']),
            "{said}"
        );
    }
}

#[test]
fn more_threads_than_a_machine_has_a_use_for_are_not_started() {
    let folder = tempfile::tempdir().unwrap();
    let args = [
        "run",
        "did-controls-work",
        "--runs",
        "2",
        "--no-report",
        "--out",
        "o",
        "--threads",
        "65535",
    ];
    let out = chokepoint(folder.path()).args(args).output().unwrap();
    let said = String::from_utf8(out.stderr).unwrap();
    assert!(
        out.status.success() && said.contains("note: 65535 threads were requested"),
        "{said}"
    );
    let timing = fs::read_to_string(folder.path().join("o/timing.json")).unwrap();
    let timing: serde_json::Value = serde_json::from_str(&timing).unwrap();
    let cores = std::thread::available_parallelism().unwrap().get() as u64;
    assert_eq!(timing["threads"].as_u64(), Some(4 * cores));
}

/// A folder of programs that stands before the others, with this `sbatch`.
fn with_sbatch(here: &Path, sbatch: &str) -> String {
    let bin = here.join("bin");
    fs::create_dir_all(&bin).unwrap();
    let file = bin.join("sbatch");
    fs::write(&file, format!("#!/bin/bash\n{sbatch}")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    format!("{}:{}", bin.display(), std::env::var("PATH").unwrap())
}

fn submitted(here: &Path, sbatch: &str, folder: &std::ffi::OsStr) -> (Option<i32>, String, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_chokepoint"))
        .current_dir(here)
        .env("PATH", with_sbatch(here, sbatch))
        .args([
            "slurm",
            "submit",
            "did-controls-work",
            "--runs",
            "2",
            "--blocks",
            "1",
            "--folder",
        ])
        .arg(folder)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (out.status.code(), text(out.stdout), text(out.stderr))
}

#[test]
fn a_slurm_script_runs_its_block_and_nothing_of_the_names_of_folders() {
    // Runs what it is handed, as a node would, and keeps the options.
    let sbatch = "echo 7\nfor a; do last=$a; done\nprintf '%s\\n' \"$@\" >> \"$OLDPWD/options\"\n\
        SLURM_ARRAY_TASK_ID=0 sh \"$last\" >> \"$OLDPWD/ran\" 2>&1\n";
    let names: [&[u8]; 5] = [
        b"job\ntouch pwned\n#",
        b"it's $(touch pwned) `touch pwned`; touch pwned",
        b"job\n#SBATCH --wrap=touch",
        b"-rf \"x\" %a",
        b"not utf-8 \xff",
    ];
    for name in names {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path();
        let name = std::ffi::OsStr::from_bytes(name);
        let sbatch = format!("OLDPWD='{}'\n{sbatch}", here.display());
        let (code, out, err) = if name.as_bytes().starts_with(b"-") {
            submitted(here, &sbatch, here.join(name).as_os_str())
        } else {
            submitted(here, &sbatch, name)
        };
        assert_eq!((code, out.as_str()), (Some(0), "7\n7\n"), "{err}");
        let ran = String::from_utf8_lossy(&fs::read(here.join("ran")).unwrap()).into_owned();
        assert!(
            here.join(name).join("blocks/block-0000.runs").exists(),
            "{ran}"
        );
        assert!(
            here.join(name).join("results/effects.csv").exists(),
            "{ran}"
        );
        assert!(!here.join("pwned").exists());
        let script = fs::read(here.join(name).join("block.sh")).unwrap();
        let script = String::from_utf8_lossy(&script);
        let options: Vec<&str> = script.lines().take_while(|l| l.starts_with('#')).collect();
        assert_eq!(
            options,
            [
                "#!/bin/sh",
                "#SBATCH --job-name=chokepoint-block",
                "#SBATCH --array=0-0",
                "#SBATCH --requeue",
                "#SBATCH --open-mode=append"
            ]
        );
    }
}

#[test]
fn the_number_of_a_job_is_found_in_what_sbatch_says_or_the_error_shows_it() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let talks = "echo \"$*\" >> log\necho '--> Verifying valid submit host (login4)...OK'\necho '519605;big'\necho warned >&2";
    let (code, out, err) = submitted(here, talks, "a".as_ref());
    assert_eq!((code, out.as_str()), (Some(0), "519605\n519605\n"));
    assert!(err.contains("warned"), "{err}");
    let log = fs::read_to_string(here.join("log")).unwrap();
    assert!(log.contains("--dependency=afterok:519605 "), "{log}");
    let (code, out, err) = submitted(here, "echo quota: none\n", "b".as_ref());
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(
        err.contains("quota: none") && err.contains("squeue"),
        "{err}"
    );
    let fails = "case \"$*\" in *merge.sh*) echo 'Job dependency problem' >&2; exit 1;; esac\necho '4711;big'";
    let (code, out, err) = submitted(here, fails, "c".as_ref());
    assert_eq!((code, out.as_str()), (Some(2), ""));
    for words in ["Job dependency problem", "scancel --clusters big 4711"] {
        assert!(err.contains(words), "{err}");
    }
}

/// Numbers that follow from their place alone.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
}

/// Bytes changed in one of the ways in which files change: a bit, a run, cut off, put in, put twice.
fn mutated(bytes: &[u8], random: &mut Numbers) -> Vec<u8> {
    let mut new = bytes.to_vec();
    let (at, length) = (random.below(new.len()), 1 + random.below(40));
    let to = (at + length).min(new.len());
    match random.below(6) {
        0 => new[at] ^= 1 << random.below(8),
        1 => new[at..to]
            .iter_mut()
            .for_each(|b| *b = random.next() as u8),
        2 => new.truncate(at),
        3 => drop(new.drain(at..to)),
        4 => drop(new.splice(at..at, bytes[at..to].to_vec())),
        _ => new[at..to].fill([0, 0xff, b'9', b'-'][random.below(4)]),
    }
    new
}

/// A block with another tail and a right checksum: what no accident makes.
fn block_of(body: &[u8], tail: &[u8]) -> Vec<u8> {
    let mut new = [body, tail, &(body.len() as u64).to_le_bytes()].concat();
    let sum = u64::from(crc32fast::hash(&new));
    new.extend_from_slice(&sum.to_le_bytes());
    new.extend_from_slice(b"chokepb2");
    new
}

/// A plan of three futures, its one block, and the text of the plan.
fn plan_and_block(folder: &Path) -> (PlanFile, Vec<u8>) {
    let configs = &crate::library().configs;
    let file = PlanFile {
        study: configs.find("did-controls-work", "studies").unwrap(),
        seed: 5,
        runs: 3,
        planning: "adaptive".into(),
        command: "chokepoint run did-controls-work".into(),
        ..PlanFile::default()
    };
    let file = file.seal(configs, Some(1)).unwrap();
    let plan = file.open().unwrap().plan;
    let (layout, to) = (RunRecordLayout::new(&plan), path(folder, 0));
    let mut worker = Worker::new(&plan.blueprint);
    let stop = std::sync::atomic::AtomicBool::new(false);
    let block = BlockRequest {
        plan: &plan,
        layout: &layout,
        hash: &file.hash,
        futures: 0..3,
        path: &to,
        done: &|| {},
        stop: &stop,
    };
    let whole = chokepoint::study::block::write(&block, &mut worker);
    assert!(whole.unwrap());
    let bytes = fs::read(to).unwrap();
    (file, bytes)
}

/// Every number and month of a block as bits, or nothing where it is refused.
fn read_block(folder: &Path, hash: &str, layout: &RunRecordLayout) -> Option<Vec<u64>> {
    let mut store = BlockStore::open(folder, hash, layout, 0..3).ok()?;
    let mut all = Vec::new();
    for arm in 0..layout.arms {
        for at in 0..layout.numbers() {
            all.extend(store.numbers(arm, at, 0..3).ok()?);
        }
        for column in 0..layout.columns.len() {
            all.extend(store.months(arm, column, 0..layout.months).ok()?);
        }
    }
    for told in store.take_narratives() {
        assert!(told.arm < layout.arms && told.run < 3);
    }
    Some(all.into_iter().map(f64::to_bits).collect())
}

#[test]
fn a_changed_block_is_refused_or_reads_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let (file, bytes) = plan_and_block(folder.path());
    let layout = RunRecordLayout::new(&file.open().unwrap().plan);
    let to = path(folder.path(), 0);
    let good = read_block(folder.path(), &file.hash, &layout).unwrap();
    let mut random = Numbers(19);
    for turn in 0..300 {
        fs::write(&to, mutated(&bytes, &mut random)).unwrap();
        if let Some(read) = read_block(folder.path(), &file.hash, &layout) {
            assert!(read == good, "{turn}");
        }
    }
}

#[test]
fn a_block_made_up_with_a_right_checksum_is_refused_or_read_without_harm() {
    let folder = tempfile::tempdir().unwrap();
    let (file, bytes) = plan_and_block(folder.path());
    let layout = RunRecordLayout::new(&file.open().unwrap().plan);
    let to = path(folder.path(), 0);
    let end = bytes.len() - 24;
    let at = u64::from_le_bytes(bytes[end..end + 8].try_into().unwrap()) as usize;
    let (body, tail) = (&bytes[..at], &bytes[at..end]);
    let json: serde_json::Value = serde_json::from_slice(tail).unwrap();
    let read = |tail: &[u8]| {
        fs::write(&to, block_of(body, tail)).unwrap();
        read_block(folder.path(), &file.hash, &layout)
    };
    assert!(read(tail).is_some());
    let absurd = serde_json::json!([
        0,
        1,
        7,
        -1,
        u32::MAX,
        1_000_000_000_000_u64,
        u64::MAX,
        1e300,
        null,
        "3"
    ]);
    for field in ["first", "count", "arms", "numbers", "columns", "months"] {
        for value in absurd.as_array().unwrap() {
            let mut made = json.clone();
            made[field] = value.clone();
            if made != json {
                assert!(
                    read(made.to_string().as_bytes()).is_none(),
                    "{field} = {value}"
                );
            }
        }
    }
    let told = |field: &str, value: u64| {
        let mut made = json.clone();
        made["told"][0][field] = value.into();
        made
    };
    let mut short = json.clone();
    short["starts"].as_array_mut().unwrap().pop();
    let mut far = json.clone();
    far["starts"][3] = (1_u64 << 60).into();
    for made in [
        short,
        far,
        told("arm", 3),
        told("run", 3),
        told("run", 4_294_967_295),
    ] {
        assert!(read(made.to_string().as_bytes()).is_none());
    }
    let mut random = Numbers(7);
    for _ in 0..300 {
        // Whether it is refused or read, it is without a panic and without more memory than the block asks for.
        read(&mutated(tail, &mut random));
        let other = mutated(body, &mut random);
        let other = &other[..other.len().min(at)];
        fs::write(&to, block_of(other, tail)).unwrap();
        read_block(folder.path(), &file.hash, &layout);
    }
    fs::remove_file(&to).unwrap();
    assert!(Command::new("mkfifo").arg(&to).status().unwrap().success());
    assert!(BlockStore::open(folder.path(), &file.hash, &layout, 0..3).is_err());
}

#[test]
fn a_changed_plan_is_refused_and_so_is_one_with_another_command() {
    let folder = tempfile::tempdir().unwrap();
    let (file, _) = plan_and_block(folder.path());
    let text = file.text();
    let at = Path::new("plan.json");
    assert_eq!(PlanFile::of_text(&text, at).unwrap(), file);
    for other in [
        text.replace("run did-controls-work", "run x; touch pwned"),
        text.replacen('{', "{ \"surplus\": 1,", 1),
        text.replacen("\"name\":", "\"surplus\": 1, \"name\":", 1),
    ] {
        assert!(other != text);
        let refused = PlanFile::of_text(&other, at).unwrap_err().to_string();
        assert!(
            refused.contains("was changed after it was made"),
            "{refused}"
        );
    }
    let differs = PlanFile {
        command: "another".into(),
        ..file.clone()
    };
    assert!(file.differences(&differs)[0].starts_with("command: "));
    let mut random = Numbers(23);
    for turn in 0..600 {
        let bytes = mutated(text.as_bytes(), &mut random);
        let Ok(new) = String::from_utf8(bytes) else {
            continue;
        };
        if let Ok(read) = PlanFile::of_text(&new, at) {
            // The number of blocks is how it is cut, not what is run.
            assert_eq!(PlanFile { blocks: 1, ..read }, file, "{turn}");
        }
    }
    // A plan with a right hash is refused where its study says what no study can.
    for (runs, only) in [(0, None), (u32::MAX, Some(u32::MAX)), (3, Some(u32::MAX))] {
        let made = PlanFile {
            runs,
            only,
            ..file.clone()
        };
        let made = made.seal(&crate::library().configs, Some(1)).unwrap();
        assert!(
            PlanFile::of_text(&made.text(), at).is_err(),
            "{runs} {only:?}"
        );
    }
    let made = PlanFile {
        study: Source {
            name: "x".into(),
            text: "\0".into(),
        },
        ..file
    };
    assert!(made.open().is_err());
}
