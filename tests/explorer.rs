//! The explorer answers what `run` gives, to the last digit, and lets in nobody but its own page.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use chokepoint::config::posterior::Posterior;
use chokepoint::config::source::Configs;
use chokepoint::config::study;
use chokepoint::explorer::{ExplorerQuestion, OwnRule, QuestionService, RuleEdit, preset, world};
use chokepoint::results::{BandRow, Results};
use chokepoint::study::kept_parts::KeptParts;
use chokepoint::study::plan::check;
use proptest::prelude::*;
use serde_json::{Value, json};

/// The program, serving its page.
struct Explorer {
    child: Child,
    address: String,
    port: u16,
    token: String,
}

impl Explorer {
    fn start(args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_chokepoint"))
            .args(["explore", "--no-open"])
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line.trim().to_string();
        let rest = address
            .strip_prefix("http://127.0.0.1:")
            .expect("an address on loopback");
        let (port, rest) = rest.split_once('/').unwrap();
        let token = rest.split('/').next().unwrap().to_string();
        assert!(token.len() == 32 && token.bytes().all(|b| b.is_ascii_hexdigit()));
        Self {
            child,
            port: port.parse().unwrap(),
            token,
            address,
        }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(120)))
            .unwrap();
        stream
    }

    /// A request as it stands on the wire; the whole answer.
    fn raw(&self, request: &str) -> (u16, String) {
        let mut stream = self.connect();
        stream.write_all(request.as_bytes()).unwrap();
        answer_of(stream)
    }

    fn get(&self, path: &str, headers: &str) -> (u16, String) {
        self.raw(&format!("GET {path} HTTP/1.1\r\n{headers}\r\n"))
    }

    fn host(&self) -> String {
        format!("Host: 127.0.0.1:{}\r\n", self.port)
    }

    /// The page itself comes at once.
    fn is_alive(&self) {
        let begun = Instant::now();
        let (status, text) = self.get(&format!("/{}/", self.token), &self.host());
        assert_eq!(status, 200, "{text}");
        assert!(text.contains("<html"));
        let took = begun.elapsed();
        assert!(took < Duration::from_secs(5), "{took:?}");
    }

    fn post(&self, what: &str, body: &Value) -> TcpStream {
        let body = body.to_string();
        let (token, host) = (&self.token, self.host());
        let mut stream = self.connect();
        let request = format!(
            "POST /{token}/api/{what} HTTP/1.1\r\n{host}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).unwrap();
        stream
    }

    /// The lines of an answer, without the frame of their chunks.
    fn ask(&self, question: &ExplorerQuestion) -> impl Iterator<Item = Value> + use<> {
        let lines = BufReader::new(self.post("ask", &json!(question))).lines();
        let lines = lines.map_while(Result::ok);
        lines
            .filter(|line| line.starts_with('{'))
            .map(|line| serde_json::from_str(&line).unwrap())
    }

    /// Ends it as Ctrl-C does; the exit code.
    fn interrupt(mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-INT", &id])
                .status()
                .unwrap()
                .success()
        );
        self.child.wait().unwrap().code()
    }
}

impl Drop for Explorer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn answer_of(mut stream: TcpStream) -> (u16, String) {
    let mut bytes = Vec::new();
    // A server that has heard enough closes while more is on its way.
    let _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let status = text.split(' ').nth(1).and_then(|s| s.parse().ok());
    (status.unwrap_or(0), text)
}

fn body_of(stream: TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut stream = stream;
    stream.read_to_end(&mut bytes).unwrap();
    let head = bytes.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
    assert!(
        bytes.starts_with(b"HTTP/1.1 200"),
        "{}",
        String::from_utf8_lossy(&bytes)
    );
    bytes.split_off(head + 4)
}

/// A small question: five years, two arms, four futures.
fn small(futures: u32) -> ExplorerQuestion {
    ExplorerQuestion {
        study: "s1-october-2022".into(),
        baseline: "none".into(),
        arms: vec!["oct22".into()],
        end: "2025-12".into(),
        futures,
        seed: 7,
        ..ExplorerQuestion::default()
    }
}

/// The small question with everything that can be changed.
fn changed() -> ExplorerQuestion {
    ExplorerQuestion {
        arms: vec!["oct22".into(), "none".into()],
        rules: vec![
            RuleEdit {
                arm: "oct22".into(),
                name: "us-2022-10-3a090".into(),
                announced: Some("2022-06-01".into()),
                in_force: Some("2022-09-01".into()),
                numbers: BTreeMap::from([("tpp".into(), 3200.0)]),
                ..RuleEdit::default()
            },
            RuleEdit {
                arm: "none".into(),
                name: "us-2022-10-sme".into(),
                on: Some(true),
                ..RuleEdit::default()
            },
        ],
        own_rules: vec![OwnRule {
            arm: "none".into(),
            template: "levy".into(),
            name: "my-levy".into(),
            announced: "2022-01-01".into(),
            in_force: "2022-07-01".into(),
            numbers: BTreeMap::from([("levy_share".into(), 0.25)]),
            destinations: vec!["CHN".into(), "HKG".into()],
        }],
        parameters: BTreeMap::from([("choice_slope".into(), 3.25)]),
        off: vec!["grey_market".into()],
        ..small(4)
    }
}

/// Bands of one arm as lists by month, as the page gets them.
fn of_run(rows: &[BandRow], arm: &str, measure: &str, entity: &str) -> Vec<[Value; 5]> {
    let mine = rows
        .iter()
        .filter(|r| r.regime == arm && r.measure == measure && r.entity == entity);
    mine.map(|r| [r.band.p05, r.band.p25, r.band.p50, r.band.p75, r.band.p95].map(|v| json!(v)))
        .collect()
}

fn on_page(band: &Value) -> Vec<[Value; 5]> {
    let list = |name: &str| band[name].as_array().unwrap().clone();
    let [p05, p25, p50, p75, p95] = ["p05", "p25", "p50", "p75", "p95"].map(list);
    let all = (0..p50.len()).map(|t| [&p05, &p25, &p50, &p75, &p95].map(|p| p[t].clone()));
    all.filter(|month| !month[2].is_null()).collect()
}

/// Files of an archive without compression.
fn unpacked(archive: &[u8]) -> BTreeMap<String, String> {
    let number = |at: usize, n: usize| {
        archive[at..at + n]
            .iter()
            .rev()
            .fold(0, |sum, b| sum << 8 | usize::from(*b))
    };
    let (mut at, mut files) = (0, BTreeMap::new());
    while archive[at..].starts_with(b"PK\x03\x04") {
        let (size, name) = (number(at + 18, 4), number(at + 26, 2));
        let text =
            |from: usize, n: usize| String::from_utf8(archive[from..from + n].to_vec()).unwrap();
        files.insert(text(at + 30, name), text(at + 30 + name, size));
        at += 30 + name + size;
    }
    files
}

/// What the page shows and gives of a question, against what its own command writes.
fn page_equals_run(explorer: &Explorer, question: &ExplorerQuestion) {
    let lines: Vec<Value> = explorer.ask(question).collect();
    assert_eq!(
        lines.last().unwrap()["kind"],
        "done",
        "{}",
        lines.last().unwrap()
    );
    let answer = &lines[lines.len() - 2];
    assert_eq!(
        (&answer["done"], &answer["failed"]),
        (&json!(question.futures), &json!(0))
    );
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in unpacked(&body_of(explorer.post("files", &json!(question)))) {
        let path = folder.path().join(path);
        assert!(path.extension().is_some_and(|e| e == "toml"));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let toml = String::from_utf8(body_of(explorer.post("toml", &json!(question)))).unwrap();
    let path = folder.path().join("explore-s1-october-2022.toml");
    assert_eq!(std::fs::read_to_string(path).unwrap(), toml);
    let command = String::from_utf8(body_of(explorer.post("command", &json!(question)))).unwrap();
    let words = command.strip_prefix("chokepoint ").unwrap().split(' ');
    let run = Command::new(env!("CARGO_BIN_EXE_chokepoint"))
        .args(words)
        .args(["--out", "out"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let out = folder.path().join("out");
    assert!(out.is_dir(), "{}", String::from_utf8_lossy(&run.stderr));
    let results = Results::read(&out).unwrap();
    let gap = ("latent_gap_months", "target_vs_issuer");
    let mut months = 0;
    for (list, rows) in [("gap", &results.bands), ("effect", &results.effect_bands)] {
        for band in answer[list].as_array().unwrap() {
            let page = on_page(band);
            let arm = band["arm"].as_str().unwrap();
            assert_eq!(page, of_run(rows, arm, gap.0, gap.1), "{list} of {arm}");
            months += page.len();
        }
    }
    assert!(
        months > 24 * (2 * question.arms.len() + 1),
        "{months} months"
    );
    let effect = results
        .effect(
            "us_maker_revenue_usd",
            answer["arms"][1]["name"].as_str().unwrap(),
        )
        .unwrap();
    let costs = answer["costs"].as_array().unwrap();
    assert!(
        costs
            .iter()
            .any(|c| c["p50"] == json!(effect.p50) && c["p95"] == json!(effect.p95))
    );
    let file = |path: &str| std::fs::read(out.join(path)).unwrap();
    assert!(
        body_of(explorer.post("report", &json!(question))) == file("report.html"),
        "the report differs"
    );
    for name in ["effects.svg", "gap-by-regime.png"] {
        let taken = body_of(explorer.post(&format!("figure/{name}"), &json!(question)));
        assert!(taken == file(&format!("plots/{name}")), "{name} differs");
    }
    exported(explorer, question, folder.path());
}

fn exported(explorer: &Explorer, question: &ExplorerQuestion, folder: &Path) {
    let done = Command::new(env!("CARGO_BIN_EXE_chokepoint"))
        .args(["export", "out", "--figure", "effects", "--csv"])
        .current_dir(folder)
        .output()
        .unwrap();
    let taken = body_of(explorer.post("figure/effects.csv", &json!(question)));
    assert_eq!(
        String::from_utf8(taken).unwrap(),
        String::from_utf8(done.stdout).unwrap()
    );
}

#[test]
fn the_page_shows_what_run_gives_to_the_last_digit() {
    let explorer = Explorer::start(&[]);
    page_equals_run(&explorer, &small(6));
    page_equals_run(&explorer, &changed());
    assert_eq!(explorer.interrupt(), Some(0), "Ctrl-C ends it cleanly");
}

fn service() -> QuestionService {
    QuestionService::open(Configs::embedded(), 2).unwrap_or_else(|e| panic!("{}", e.text()))
}

#[test]
fn every_preset_becomes_a_study_that_check_accepts() {
    let service = service();
    let first = preset(&service, "").unwrap();
    let choices: Value = serde_json::from_str(&world(&service, &first)).unwrap();
    let presets = choices["presets"].as_array().unwrap();
    assert!(presets.len() >= 12);
    for one in presets {
        let question: ExplorerQuestion = serde_json::from_value(one["question"].clone()).unwrap();
        let composed = service
            .composed(&question)
            .unwrap_or_else(|e| panic!("{}: {e:?}", one["name"]));
        assert!(composed.files.is_empty());
        let library = &service.base.library;
        let file =
            study::read(&composed.source, &library.configs).unwrap_or_else(|e| panic!("{e}"));
        check(library, &file, file.runs, None, &KeptParts::default())
            .unwrap_or_else(|e| panic!("{e}"));
        let names: Vec<&str> = file.arms.iter().map(|arm| arm.name()).collect();
        assert_eq!(names, composed.arms);
        assert_eq!((file.runs, file.seed), (question.futures, question.seed));
        assert_eq!(file.last_month.to_string(), question.end);
        assert_eq!(file.headline(), question.arms.first().map(String::as_str));
    }
    // What the page may choose is complete.
    let count = |list: &str| choices[list].as_array().unwrap().len();
    assert_eq!(count("rules"), service.base.library.law.rules.len());
    assert_eq!(count("templates"), 15);
    let ranked = choices["parameters"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|p| !p["rank"].is_null());
    assert!(ranked.count() >= 12);
}

#[test]
fn parameters_of_the_list_of_influence_exist_and_have_posteriors() {
    let service = service();
    let posterior = Posterior::if_shipped(&service.base.library.configs, "final")
        .unwrap()
        .unwrap();
    let text = include_str!("../assets/influence.csv");
    let names = text
        .lines()
        .skip(2)
        .map(|line| line.split(',').next().unwrap());
    for name in names {
        assert!(
            service
                .base
                .library
                .parameters
                .0
                .iter()
                .any(|p| p.id == name),
            "{name}"
        );
        assert!(posterior.parameters.iter().any(|id| id == name), "{name}");
    }
}

#[test]
fn a_changed_number_acts_in_its_arm_alone_and_in_the_rules_that_speak_of_it() {
    let service = service();
    let question = ExplorerQuestion {
        study: "did-controls-work".into(),
        arms: vec!["history-free".into()],
        baseline: "none".into(),
        rules: vec![RuleEdit {
            arm: "history-free".into(),
            name: "us-2023-10-3a090a".into(),
            numbers: BTreeMap::from([("tpp".into(), 6000.0)]),
            ..RuleEdit::default()
        }],
        end: "2027-12".into(),
        ..small(4)
    };
    let composed = service
        .composed(&question)
        .unwrap_or_else(|e| panic!("{e:?}"));
    let opened = service
        .configuration(&composed.files)
        .unwrap_or_else(|e| panic!("{e}"));
    let law = &opened.library.law;
    let rule = |id: &str| law.find(id).map(|at| &law.rules[usize::from(at)]);
    let (shipped, copy) = (
        rule("us-2023-10-3a090a").unwrap(),
        rule("us-2023-10-3a090a-changed").unwrap(),
    );
    assert!(
        shipped.text.starts_with("(tpp >= 4800") && copy.text.starts_with("(tpp >= 6000"),
        "{}",
        copy.text
    );
    // Rules whose conditions ask for the changed rule ask for the copy in this arm.
    let speaks: Vec<&str> = law
        .rules
        .iter()
        .filter(|r| r.text.contains("us_2023_10_3a090a_changed"))
        .map(|r| r.id.as_str())
        .collect();
    assert!(
        !speaks.is_empty() && speaks.iter().all(|id| id.ends_with("-changed")),
        "{speaks:?}"
    );
    let file =
        study::read(&composed.source, &opened.library.configs).unwrap_or_else(|e| panic!("{e}"));
    let arms = opened.library.arms(&file).unwrap_or_else(|e| panic!("{e}"));
    let held = |arm: usize, id: &str| {
        law.find(id)
            .is_some_and(|at| arms[arm].entries.iter().any(|e| e.rule == at))
    };
    assert!(!held(1, "us-2023-10-3a090a") && held(1, "us-2023-10-3a090a-changed"));
    let shipped_arm = opened.library.regime("history-free").unwrap();
    assert_eq!(arms[1].entries.len(), shipped_arm.entries.len());
    // Whoever suspends the rule suspends its copy.
    let place = law.find("us-2023-10-3a090a-changed").unwrap();
    let original = law.find("us-2023-10-3a090a").unwrap();
    for other in law.rules.iter().filter(|r| !r.id.ends_with("-changed")) {
        assert_eq!(
            other.supersedes.contains(&original),
            other.supersedes.contains(&place),
            "{}",
            other.id
        );
        assert_eq!(
            other.carves_out.contains(&original),
            other.carves_out.contains(&place),
            "{}",
            other.id
        );
    }
}

#[test]
fn a_refused_question_names_its_field() {
    let service = service();
    let edit = |numbers: &[(&str, f64)]| {
        vec![RuleEdit {
            arm: "oct22".into(),
            name: "us-2022-10-3a090".into(),
            numbers: numbers
                .iter()
                .map(|(k, v)| ((*k).to_string(), *v))
                .collect(),
            ..RuleEdit::default()
        }]
    };
    let own = |change: fn(&mut OwnRule)| {
        let mut own = changed().own_rules.remove(0);
        own.arm = "oct22".into();
        change(&mut own);
        ExplorerQuestion {
            own_rules: vec![own],
            ..small(4)
        }
    };
    let cases = [
        (
            ExplorerQuestion {
                study: "s1-octobr-2022".into(),
                ..small(4)
            },
            "study",
        ),
        (
            ExplorerQuestion {
                study: "../../etc/passwd".into(),
                ..small(4)
            },
            "study",
        ),
        (
            ExplorerQuestion {
                baseline: "nobody".into(),
                ..small(4)
            },
            "baseline",
        ),
        (
            ExplorerQuestion {
                baseline: "/etc/passwd".into(),
                ..small(4)
            },
            "baseline",
        ),
        (
            ExplorerQuestion {
                arms: vec!["oct2".into()],
                ..small(4)
            },
            "arms",
        ),
        (
            ExplorerQuestion {
                arms: Vec::new(),
                ..small(4)
            },
            "arms",
        ),
        (
            ExplorerQuestion {
                end: "2019-01".into(),
                ..small(4)
            },
            "end",
        ),
        (
            ExplorerQuestion {
                end: "soon".into(),
                ..small(4)
            },
            "end",
        ),
        (small(0), "futures"),
        (small(2_000_000), "futures"),
        (
            ExplorerQuestion {
                seed: u64::MAX,
                ..small(4)
            },
            "seed",
        ),
        (
            ExplorerQuestion {
                off: vec!["grey_markt".into()],
                ..small(4)
            },
            "off",
        ),
        (
            ExplorerQuestion {
                parameters: BTreeMap::from([("choice_slop".into(), 1.0)]),
                ..small(4)
            },
            "parameters.choice_slop",
        ),
        (
            ExplorerQuestion {
                parameters: BTreeMap::from([("choice_slope".into(), -1.0)]),
                ..small(4)
            },
            "parameters.choice_slope",
        ),
        (
            ExplorerQuestion {
                rules: edit(&[("tpp", -1.0)]),
                ..small(4)
            },
            "rules.us-2022-10-3a090.tpp",
        ),
        (
            ExplorerQuestion {
                rules: edit(&[("tp", 1.0)]),
                ..small(4)
            },
            "rules.us-2022-10-3a090.tp",
        ),
        (
            own(|o| o.in_force = "2022-02-30".into()),
            "own_rules.my-levy.in_force",
        ),
        (
            own(|o| o.template = "levi".into()),
            "own_rules.my-levy.template",
        ),
        (
            own(|o| *o.numbers.get_mut("levy_share").unwrap() = 1.0),
            "own_rules.my-levy.levy_share",
        ),
        (
            own(|o| o.destinations = vec!["XXX".into()]),
            "own_rules.my-levy.destinations",
        ),
        (own(|o| o.arm = "none".into()), "own_rules.my-levy.arm"),
        (own(|o| o.name = "../x".into()), "own_rules.../x.name"),
    ];
    for (question, field) in cases {
        let problems = service.composed(&question).expect_err(field);
        assert_eq!(problems[0].field, field, "{problems:?}");
        assert!(problems[0].message.contains("found"), "{problems:?}");
    }
}

#[test]
fn only_the_page_itself_gets_answers() {
    let explorer = Explorer::start(&[]);
    let (token, port, host) = (explorer.token.clone(), explorer.port, explorer.host());
    let page = format!("/{token}/");
    let wrong = format!("/{}/", token.chars().rev().collect::<String>());
    let foreign = format!("Host: localhost:{port}\r\n");
    for (path, headers, status) in [
        (page.clone(), host.clone(), 200),
        (page.clone(), foreign, 200),
        (format!("{page}page.js"), host.clone(), 200),
        (wrong, host.clone(), 404),
        ("/".into(), host.clone(), 404),
        (format!("/{token}"), host.clone(), 404),
        (page.clone(), format!("Host: evil.example:{port}\r\n"), 403),
        (page.clone(), format!("{host}{host}"), 403),
        (
            page.clone(),
            format!("{host}Origin: http://evil.example\r\n"),
            403,
        ),
        (page.clone(), format!("{host}Origin: null\r\n"), 403),
        (
            page.clone(),
            format!("{host}Sec-Fetch-Site: cross-site\r\n"),
            403,
        ),
        (format!("{page}../../etc/passwd"), host.clone(), 404),
        (format!("{page}..%2f..%2fetc%2fpasswd"), host.clone(), 404),
        (format!("{page}//etc/hosts.html"), host.clone(), 404),
        (format!("{page}types.d.ts"), host.clone(), 404),
        (format!("{page}api/ask"), host.clone(), 404),
    ] {
        let (found, text) = explorer.get(&path, &headers);
        assert_eq!(found, status, "{path}\n{headers}\n{text}");
        assert!(!text.contains("root:"));
        let text = text.to_lowercase();
        for header in [
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "cache-control: no-store",
            "frame-ancestors 'none'",
        ] {
            assert!(text.contains(header), "{header}: {text}");
        }
        assert!(!text.contains("unsafe-inline") && !text.contains("access-control-allow"));
    }
    // Host is missing, or the method is none of ours, or the type is that of a form.
    assert_eq!(explorer.raw(&format!("GET {page} HTTP/1.1\r\n\r\n")).0, 403);
    assert_eq!(
        explorer
            .raw(&format!("OPTIONS {page} HTTP/1.1\r\n{host}\r\n"))
            .0,
        405
    );
    let form = format!(
        "POST {page}api/cancel HTTP/1.1\r\n{host}Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{{}}"
    );
    assert_eq!(explorer.raw(&form).0, 415);
    explorer.is_alive();
}

#[test]
fn requests_without_end_are_bounded_and_the_page_goes_on() {
    let explorer = Explorer::start(&[]);
    let (token, host) = (explorer.token.clone(), explorer.host());
    let head =
        format!("POST /{token}/api/verdicts HTTP/1.1\r\n{host}Content-Type: application/json\r\n");
    let (status, _) = explorer.raw(&format!("{head}Content-Length: 1048577\r\n\r\n{{"));
    assert_eq!(status, 413);
    // A body without a length, without end.
    let mut endless = explorer.connect();
    endless
        .write_all(format!("{head}Transfer-Encoding: chunked\r\n\r\n").as_bytes())
        .unwrap();
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
    let mut sent = 0;
    while sent < 1000 && endless.write_all(chunk.as_bytes()).is_ok() {
        sent += 1;
    }
    assert!(sent < 1000, "{sent} pieces of 64 KiB were taken");
    // A head without end.
    let mut header = explorer.connect();
    let mut taken = header
        .write_all(format!("GET /{token}/ HTTP/1.1\r\n{host}X: ").as_bytes())
        .is_ok();
    for _ in 0..10_000 {
        taken = taken && header.write_all(&[b'x'; 1024]).is_ok();
    }
    assert!(!taken, "10 MiB of a head were taken");
    // A body that stops, while others are served.
    let begun = Instant::now();
    let mut slow = explorer.connect();
    slow.write_all(format!("{head}Content-Length: 100\r\n\r\n{{").as_bytes())
        .unwrap();
    explorer.is_alive();
    let (status, _) = answer_of(slow);
    assert_eq!(status, 408);
    assert!(begun.elapsed() < Duration::from_secs(60));
    // JSON that is deep, or none.
    for body in ["[".repeat(100_000), "{}".into(), "null".into(), "\"".into()] {
        let request = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
        assert_eq!(explorer.raw(&request).0, 400);
    }
    explorer.is_alive();
}

#[test]
fn a_thousand_connections_leave_room_for_the_page() {
    let explorer = Explorer::start(&[]);
    let mut idle = Vec::new();
    for at in 0..1000 {
        let mut stream = explorer.connect();
        if at % 2 == 0 {
            let _ = stream.write_all(b"GET / HT");
        }
        idle.push(stream);
        if at % 200 == 199 {
            explorer.is_alive();
        }
    }
    // The oldest were closed.
    let mut first = idle.swap_remove(0);
    let mut byte = [0];
    assert!(matches!(first.read(&mut byte), Ok(0) | Err(_)));
    explorer.is_alive();
    drop(idle);
    explorer.is_alive();
}

#[test]
fn the_next_question_stops_the_one_before() {
    let explorer = Explorer::start(&[]);
    let mut first = explorer.ask(&small(1000));
    assert_eq!(first.next().unwrap()["kind"], "answer");
    let second: Vec<Value> = explorer.ask(&small(2)).collect();
    assert_eq!(second.last().unwrap()["kind"], "done");
    let rest: Vec<Value> = first.collect();
    assert_eq!(rest.last().unwrap()["kind"], "cancelled");
    // A reader who goes stops it too, and so does `cancel`.
    let mut gone = explorer.ask(&small(1000));
    gone.next();
    drop(gone);
    let third: Vec<Value> = explorer.ask(&small(2)).collect();
    assert_eq!(third.last().unwrap()["kind"], "done");
    let mut cancelled = explorer.ask(&small(1000));
    cancelled.next();
    body_of(explorer.post("cancel", &json!({})));
    assert_eq!(cancelled.last().unwrap()["kind"], "cancelled");
    // A future of the question, with what differs between the arms.
    let story: Value = serde_json::from_slice(&body_of(
        explorer.post("future", &json!({ "question": small(2), "future": 1 })),
    ))
    .unwrap();
    let rows = story["rows"].as_array().unwrap();
    assert!(rows.iter().any(|r| r["arms"] == json!(["none", "oct22"])));
    assert!(rows.iter().any(|r| r["arms"] == json!(["oct22"])));
    assert!(
        story["differs"][0]
            .as_str()
            .unwrap()
            .contains("October 2022 rule only")
    );
    assert_eq!(explorer.interrupt(), Some(0));
}

#[test]
fn equal_arms_are_said_to_change_nothing() {
    let explorer = Explorer::start(&[]);
    let mut question = changed();
    question.arms = vec!["none".into()];
    question.rules.clear();
    // Nobody sells this in the countries that the levy names before it ends with the study.
    question.own_rules[0].in_force = "2025-12-31".into();
    question.own_rules[0].announced = "2025-12-30".into();
    question.own_rules[0].destinations = vec!["PRK".into()];
    let lines: Vec<Value> = explorer.ask(&question).collect();
    let said = lines.iter().find_map(|line| {
        line["nothing"]
            .as_str()
            .or(line["problems"][0]["message"].as_str())
    });
    let said = said.unwrap_or_else(|| panic!("{}", lines[0]));
    assert!(
        said.contains("my-levy") || said.contains("nothing"),
        "{said}"
    );
}

#[test]
fn verdicts_stand_side_by_side_with_reasons() {
    let explorer = Explorer::start(&[]);
    let ask = |body: Value| -> Value {
        serde_json::from_slice(&body_of(explorer.post("verdicts", &body))).unwrap()
    };
    let shipped = ask(
        json!({ "text": "", "date": "2023-12-01", "destination": "CHN", "regimes": ["history", "none"] }),
    );
    let row = shipped["rows"]
        .as_array()
        .unwrap()
        .iter()
        .find(|r| r["chip"] == "H100 SXM")
        .unwrap();
    assert_eq!(row["verdicts"][0]["verdict"], "denied");
    assert_eq!(row["verdicts"][1]["verdict"], "free");
    let own = ask(
        json!({ "text": "chip;tpp\nMine;9000\n", "date": "2023-12-01", "destination": "China", "regimes": ["history"] }),
    );
    assert_eq!(own["rows"].as_array().unwrap().len(), 1);
    let broken = ask(
        json!({ "text": "chip,tpp\nMine,abc\n", "date": "2023-12-01", "destination": "CHN", "regimes": ["history"] }),
    );
    assert!(
        broken["problems"][0]["message"]
            .as_str()
            .unwrap()
            .contains("abc")
    );
    for (field, body) in [
        (
            "date",
            json!({ "date": "2023-02-30", "destination": "CHN", "regimes": ["history"] }),
        ),
        (
            "destination",
            json!({ "date": "2023-12-01", "destination": "Atlantis", "regimes": ["history"] }),
        ),
        (
            "regimes",
            json!({ "date": "2023-12-01", "destination": "CHN", "regimes": ["/etc/passwd"] }),
        ),
    ] {
        let (status, text) = answer_of(explorer.post("verdicts", &body));
        assert_eq!(status, 422, "{text}");
        assert!(text.contains(&format!("\"field\":\"{field}\"")), "{text}");
    }
}

#[test]
fn a_link_opens_the_question_elsewhere_and_a_wrong_one_is_an_error() {
    let question = changed();
    let sender = "http://127.0.0.1:1/00112233445566778899aabbccddeeff/";
    let explorer = Explorer::start(&["--question", &format!("{sender}#{}", question.link())]);
    assert!(
        explorer
            .address
            .ends_with(&format!("/#{}", question.link()))
    );
    assert!(
        !explorer
            .address
            .contains("00112233445566778899aabbccddeeff")
    );
    let text = body_of({
        let mut stream = explorer.connect();
        let request = format!(
            "GET /{}/api/world HTTP/1.1\r\n{}\r\n",
            explorer.token,
            explorer.host()
        );
        stream.write_all(request.as_bytes()).unwrap();
        stream
    });
    let world: Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(
        serde_json::from_value::<ExplorerQuestion>(world["start"].clone()).unwrap(),
        question
    );
    let mut wrong = question;
    wrong.baseline = "nobody".into();
    for (link, words) in [
        ("nonsense!", "expected an address of the explorer"),
        (&wrong.link(), "expected a regime"),
    ] {
        let done = Command::new(env!("CARGO_BIN_EXE_chokepoint"))
            .args(["explore", "--no-open", "--question", link])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(2), "{said}");
        assert!(said.contains(words), "{said}");
    }
}

fn texts() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9 äß\"\\\\<>#/-]{0,12}"
}

prop_compose! {
    fn questions()(
        study in texts(),
        baseline in texts(),
        arms in prop::collection::vec(texts(), 0..4),
        parameters in prop::collection::btree_map(texts(), -1e300..1e300_f64, 0..4),
        numbers in prop::collection::btree_map(texts(), prop::num::f64::NORMAL, 0..3),
        day in prop::option::of(texts()),
        on in prop::option::of(any::<bool>()),
        futures in any::<u32>(),
        seed in 0..(1_u64 << 53),
    ) -> ExplorerQuestion {
        ExplorerQuestion {
            rules: vec![RuleEdit { arm: baseline.clone(), name: study.clone(), on, lapses: day, numbers: numbers.clone(), ..RuleEdit::default() }],
            own_rules: vec![OwnRule { name: baseline.clone(), numbers, destinations: arms.clone(), ..OwnRule::default() }],
            off: arms.clone(),
            end: study.clone(),
            study, baseline, arms, parameters, futures, seed,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn a_question_reads_back_from_its_link(question in questions()) {
        let link = question.link();
        prop_assert!(link.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
        prop_assert_eq!(ExplorerQuestion::of_link(&link).unwrap(), question);
    }

    #[test]
    fn any_text_for_a_link_is_an_answer_and_no_panic(text in ".{0,200}") {
        let _ = ExplorerQuestion::of_link(&text);
    }
}
