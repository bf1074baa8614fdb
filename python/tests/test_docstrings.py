"""The examples of the documentation run, and every question of a study has one."""

import doctest
import importlib
import warnings

import chokepoint
import pandas as pd
import pytest


@pytest.mark.parametrize("name", ["chokepoint", "chokepoint.law", "chokepoint.results", "chokepoint.study"])
def test_the_examples_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert done.failed == 0


def test_every_question_has_an_example():
    for name in ["first_difference", "sensitivity", "discover", "reversal", "ledger", "decompose", "replay"]:
        assert ">>>" in getattr(chokepoint.Study, name).__doc__, name


def test_a_study_with_a_table_is_asked_about_its_columns(study, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "futures.csv").write_text("points_per_decade_of_compute\n2\n12\n")
    own = {
        "study.futures.design": "list",
        "study.futures.table": "futures.csv",
        "study.rival_structures": False,
        "study.runs": 2,
    }
    study = study.arms(["none", "oct22"]).set(own)
    with warnings.catch_warnings():
        # So few rows may be told to be too few.
        warnings.simplefilter("ignore")
        indices = study.sensitivity(runs=4)
    factors = set(pd.DataFrame.from_arrow(indices)["parameter"])
    assert {"points_per_decade_of_compute", "other parameters", "chance"} <= factors
    assert len(factors) <= 4
    with pytest.raises(ValueError, match="did you mean `points_per_decade_of_compute`"):
        study.sensitivity(parameters=["points_per_decades_of_compute"])


def test_wrong_words_of_questions_are_value_errors(study):
    for call in [
        lambda: study.sensitivity(method="fast"),
        lambda: study.sensitivity(outcomes=["gap"]),
        lambda: study.reversal("most"),
        lambda: study.discover(below=1.0, above=0.0),
        lambda: study.discover(arm="octobr"),
        lambda: study.first_difference("oct22", "octobr"),
    ]:
        with pytest.raises(ValueError, match="expected"):
            call()
