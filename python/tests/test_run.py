"""A run from Python is the run of the program: the same bytes, errors, and ways to stop."""

import os
import signal
import subprocess
import sys
import threading
import time

import chokepoint
import pytest
from conftest import SHORT, WORDS, files, same_bytes


def test_a_run_has_the_bytes_of_the_program(study, said, tmp_path):
    made = study.run(runs=40, seed=7, out=tmp_path / "python")
    code, out, err = said(
        "run", "did-controls-work", *WORDS, "--runs", 40, "--seed", 7, "--out", tmp_path / "program"
    )
    assert code == 0, err
    same_bytes(made.folder, tmp_path / "program")
    assert "report.html" in files(made.folder) and len(made.figures()) >= 6
    assert "<svg" in made.figure("effects")._repr_svg_()
    page = made._repr_html_()
    assert "Did the export controls" in page and "<dt>" in page


def test_errors_are_those_of_the_command_line(said):
    for study, word in [("did-control-work", None), ("did-controls-work", "choice_slop=2")]:
        words = ["run", study] + (["--set", word] if word else [])
        code, _, err = said(*words)
        assert code == 2
        with pytest.raises(ValueError) as raised:
            loaded = chokepoint.Study.load(study)
            if word:
                loaded.set(dict([word.split("=")]))
        assert str(raised.value) == err.rstrip().removeprefix("error: ")
        assert "did you mean" in str(raised.value)


def test_a_mistake_in_a_file_has_its_place(said, tmp_path):
    text = chokepoint.Study.load("did-controls-work").toml.replace('"gap_points"', '"gap_pionts"')
    path = tmp_path / "mine.toml"
    path.write_text(text)
    line = 1 + text[: text.index("gap_pionts")].count("\n")
    with pytest.raises(ValueError, match=rf"mine\.toml:{line}:\d+: found `gap_pionts`"):
        chokepoint.Study.load(path)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s: s.run(runs=0), "runs"),
        (lambda s: s.run(runs=2, threads=0), "threads"),
        (lambda s: s.off("brokers"), "--off"),
        (lambda s: s.replay("octobr"), "oct22"),
        (lambda s: s.set({"study.arms": []}), "arm"),
        (lambda s: s.arms([]), "arms"),
        (lambda s: chokepoint.Results("."), "not a results folder"),
        (lambda s: chokepoint.Study.load("did-controls-work", configs="nowhere"), "no such folder"),
        (lambda s: chokepoint.validate(split="Z"), "--split"),
    ],
)
def test_wrong_values_are_value_errors(study, call, message):
    with pytest.raises(ValueError, match=message):
        call(study)


def test_the_interpreter_is_free_while_it_runs_and_progress_is_told(study, tmp_path):
    ticks, seen = [], []
    over = threading.Event()

    def tick():
        while not over.wait(0.005):
            ticks.append(time.perf_counter())

    other = threading.Thread(target=tick)
    other.start()
    begun = time.perf_counter()
    study.run(runs=60, out=tmp_path / "r", report=False, progress=lambda *counts: seen.append(counts))
    took = time.perf_counter() - begun
    over.set()
    other.join()
    # Held throughout, it would tick once or twice.
    assert len(ticks) > 20 * took
    assert seen[-1] == (180, 180) and sorted(seen) == seen


def test_progress_that_raises_stops_the_run(study, tmp_path):
    def broken(done, total):
        raise LookupError("no bar")

    with pytest.raises(LookupError, match="no bar"):
        study.run(runs=5000, out=tmp_path / "r", report=False, progress=broken)
    assert not (tmp_path / "r").exists()


CHILD = """
import sys, chokepoint
study = chokepoint.Study.load("did-controls-work").set({short})
begun = lambda done, total: done > {after} and print("under way", flush=True)
try:
    study.run(runs=500, out="out", report=False, threads=2, progress=begun)
except KeyboardInterrupt as stopped:
    print("KeyboardInterrupt:", stopped)
    sys.exit(130)
"""


def test_ctrl_c_stops_cleanly_and_the_same_call_goes_on(study, said, tmp_path):
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD.format(short=SHORT, after=150)],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout.readline() == "under way\n"
    asked = time.perf_counter()
    os.kill(child.pid, signal.SIGINT)
    out, _ = child.communicate(timeout=60)
    assert child.returncode == 130, out
    assert time.perf_counter() - asked < 5
    assert "blocks are kept in .out.unfinished" in out
    kept = [f for f in files(tmp_path / ".out.unfinished") if f.endswith(".runs")]
    assert kept and not (tmp_path / "out").exists()
    # The program takes up what Python began.
    code, _, err = said(
        "run", "did-controls-work", *WORDS, "--runs", 500, "--out", "out", "--no-report", cwd=tmp_path
    )
    assert code == 0 and f"resuming: {len(kept)} of" in err
    study.run(runs=500, out=tmp_path / "whole", report=False)
    same_bytes(tmp_path / "out", tmp_path / "whole")


def test_one_run_is_replayed_with_its_causes(study, results):
    import pyarrow as pa

    events = pa.table(study.replay("history-free", run=3)).to_pylist()
    kept = [e for e in pa.table(results.events()).to_pylist() if (e["regime"], e["run"]) == ("history-free", 3)]
    assert events == kept and len(events) > 100
    caused = next(e for e in reversed(events) if e["cause_id"] is not None)
    led = pa.table(study.replay("history-free", run=3, why=caused["id"])).to_pylist()
    assert [e["id"] for e in led[:2]] == [caused["id"], caused["cause_id"]]
    assert led[-1]["cause_id"] is None


def test_parts_of_an_effect_add_up_to_it(study):
    import pyarrow as pa

    seen = []
    parts = study.arms(["none", "oct22"]).decompose(runs=2, progress=lambda *c: seen.append(c))
    groups, whole = pa.table(parts.groups).to_pylist(), pa.table(parts.whole).to_pylist()
    for w in whole:
        own = sum(g["value"] for g in groups if g["outcome"] == w["outcome"])
        explained = w["total"] - w["no_channel"]
        assert own == pytest.approx(explained, rel=1e-9, abs=1e-9), w["outcome"]
    assert seen[-1][0] == seen[-1][1] > 0


def test_the_scorecard_is_that_of_the_program(said):
    import json

    import pyarrow as pa

    card = chokepoint.validate(split="B", runs=20, patterns=0)
    code, out, err = said("validate", "--split", "B", "--runs", 20, "--patterns", 0, "--format", "json")
    assert code == 0, err
    assert card.answer == json.loads(out)
    assert pa.table(card.series()).num_rows == len(card.answer["series"])
    assert pa.table(card.points()).num_rows == len(card.answer["points"])


def test_results_are_what_was_written_or_say_that_they_are_not(study, tmp_path):
    made = study.run(runs=2, out=tmp_path / "r", report=False)
    table = made.folder / "effects.csv"
    whole = table.read_bytes()
    table.write_bytes(whole.replace(b"none", b"nobody"))
    for read in (chokepoint.Results, lambda folder: made.effects(), lambda folder: made.outcomes()):
        with pytest.raises(ValueError, match="effects.csv was changed"):
            read(made.folder)
    unsealed = chokepoint.Results(made.folder, unsealed=True).outcomes()
    table.write_bytes(whole)
    assert len(unsealed) == len(made.outcomes())
    with pytest.raises(ValueError, match="finished results of another plan"):
        study.run(runs=3, out=tmp_path / "r", report=False)
    assert study.run(runs=3, out=tmp_path / "r", report=False, overwrite=True).manifest["runs"] == 3
