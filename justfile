# The usual commands; `just --list` shows them.

# everything that has to pass
ci:
    .ci/run

# the tests
test:
    cargo test --release --locked

# mutated inputs of every kind with fresh numbers, and the table of what became of them
fuzz MINUTES="20":
    FUZZ_MINUTES={{MINUTES}} cargo test --release --locked --test all fresh_mutations_of_every_kind -- --ignored --nocapture

# one mutation again, as `just fuzz` or a test named it
mutation KIND NUMBER:
    MUTATION="{{KIND}} {{NUMBER}}" cargo test --release --locked --test all one_mutation -- --ignored --nocapture

# format and lint
lint:
    cargo fmt --all -- --check
    cargo clippy --release --locked --all-targets -- -D warnings

# the main study
study *ARGS:
    cargo run --release --locked -- run configs/studies/did-controls-work.toml {{ARGS}}

# killed 200 times, 60 of them at system calls (needs strace): the same bytes; a full and a read-only disk (needs the right to mount)
hard-times:
    cargo build --release --locked
    tests/kill.sh 20
    tests/kill_at.sh 140 60
    tests/full_disk.sh

# the Python side on a clean clone: environment, wheel, tests, tutorials, Dask
python:
    python/check.sh

# what a thousand runs cost from Python, beside the program
python-cost:
    python/check.sh target/python
    target/python/bin/python benches/python_cost.py

# a Slurm of three virtual nodes on loopback, one of them lost: the same bytes (installs Debian packages; needs root)
slurm:
    cargo build --release --locked
    tests/slurm.sh

# the same bytes by the usual and a static program, on this processor and an emulated old one, one and two threads
bits:
    cargo build --release --locked
    tests/bits.sh static

# licences, origins, advisories and refused crates of what is built in
dependencies:
    tests/dependencies.sh

# all that a release hands out, built and tried: static program, crate, wheel, source distribution, notes, checksums
release:
    release/make.sh

# the documents as a site: target/site/index.html
site:
    docs/site/build.sh target/site

# what the commands of examples/ print, written under them
examples:
    cargo build --release --locked
    python3 examples/refresh.py target/release

# base R reads the exports (installs r-base-core where there is no Rscript)
r:
    cargo build --release --locked
    tests/r/check.sh

# the table of claims, 200 draws each, against docs/claims.md; with ACCEPT="reason" it is written there
claims:
    CLAIMS_RUNS=200 cargo test --release --locked --test all every_claim_holds_and_flips -- --nocapture

# the verdict on every claim of the debate into docs/debate.md and its figures, and the page target/debate.html
debate:
    cargo run --release --locked -- claims --page docs/debate.md --page target/debate.html

# the tables of the gallery from commands, then its figures: just gallery "what changed and why"
gallery REASON:
    cargo build --release --locked
    target/release/chokepoint run did-controls-work --runs 24 --overwrite --no-report
    target/release/chokepoint decompose did-controls-work --runs 24 --into results/did-controls-work
    target/release/chokepoint discover did-controls-work --runs 200 --into results/did-controls-work
    target/release/chokepoint sensitivity did-controls-work --runs 24 --into results/did-controls-work
    target/release/chokepoint ledger did-controls-work --runs 24 --into results/did-controls-work
    target/release/chokepoint validate --split B --runs 24 --into results/did-controls-work --overwrite
    for study in configs/studies/s*.toml; do target/release/chokepoint run "$study" --runs 100 --overwrite --no-report || exit 1; done
    ACCEPT="{{REASON}}" cargo test --release --locked --test all new_tables -- --ignored
    ACCEPT="{{REASON}}" cargo test --release --locked --test all gallery

# a dated forecast of every recorded series, into forecasts/: just forecast 2026-11-28
forecast DATE RUNS="400":
    cargo run --release --locked -- forecast --dated {{DATE}} --runs {{RUNS}}

# which conclusions a changed configuration changes
update DIR RUNS="200":
    cargo run --release --locked -- update --configs {{DIR}} --runs {{RUNS}}

# inactive parameters, channels and rules
audit:
    cargo run --release --locked -- audit

# how long things take, under criterion; then the table of ratios and counts into docs/performance.md, beside version 0.4.0; with symbols, by
# which instructions are counted
bench:
    benches/earlier.sh e5d17d61b7d079e572fd45ca5052059a36646d5d
    CARGO_PROFILE_RELEASE_STRIP=none cargo bench --profile release --locked --target-dir target/symbols --bench model
    CARGO_PROFILE_RELEASE_STRIP=none cargo bench --profile release --locked --target-dir target/symbols --bench table

# write what is generated: schemas, and the tables of docs/odd.md, docs/evidence.md and docs/beside-others.md
documents:
    cargo run --release --locked -- schema --out configs/schema
    cargo run --release --locked -- reference --into docs/odd.md
    cargo run --release --locked -- reference --evidence --into docs/evidence.md
    cargo run --release --locked -- reference --beside --into docs/beside-others.md

# accept what changed in the golden files of one test, or of all: just accept "what changed and why" headline_effects
accept REASON TEST="":
    ACCEPT="{{REASON}}" cargo test --release --locked --test all {{TEST}}

# open a report in a browser and look for what is wrong
browser REPORT="results/did-controls-work/report.html":
    tests/browser/run.sh {{REPORT}}

# the explorer's page in a browser: what it does, then how fast it answers
explorer:
    cargo build --release --locked
    tests/explorer/run.sh target/release/chokepoint
    MEASURE=1 tests/explorer/run.sh target/release/chokepoint

# one of the ten studies with every question put to it: just answers s1-october-2022 1000
answers STUDY RUNS="1000":
    cargo run --release --locked -- run {{STUDY}} --runs {{RUNS}}
    cargo run --release --locked -- decompose {{STUDY}} --runs 100 --pairs 100 --into results/{{STUDY}}
    cargo run --release --locked -- discover {{STUDY}} --runs {{RUNS}} --into results/{{STUDY}}
    cargo run --release --locked -- ledger {{STUDY}} --runs {{RUNS}} --into results/{{STUDY}}
    cargo run --release --locked -- reversal {{STUDY}} --runs {{RUNS}} --better more --into results/{{STUDY}}
    cargo run --release --locked -- validate --split B --into results/{{STUDY}}
    cargo run --release --locked -- report results/{{STUDY}}

# every posterior, from nothing
calibrate:
    cargo run --release --locked -- calibrate --out configs/posterior --overwrite

# the scorecard
validate *ARGS:
    cargo run --release --locked -- validate {{ARGS}}
