"""The law in Python: verdicts on tables of any library, rules and regimes that are built, changed and shown."""

import datetime
import json

import chokepoint
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

DAY = "2023-12-01"


def rows(table):
    return pa.table(table).to_pylist()


def test_the_shipped_chips_are_judged_as_on_the_command_line(said):
    code, out, err = said("classify", "--on", DAY, "--to", "CHN", "--format", "json")
    assert code == 0, err
    asked = [{k: v for k, v in row.items() if k != "eligible_exceptions"} for row in json.loads(out)]
    assert rows(chokepoint.classify(on=datetime.date(2023, 12, 1), to="CHN")) == asked
    assert {"denied", "free"} <= {row["verdict"] for row in asked}


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table])
def test_a_table_of_ones_own_is_judged(make, tmp_path):
    own = {"chip": ["small", "large, quoted"], "tpp": [1000.0, 6000.0], "die_area_mm2": [800.0, 800.0]}
    own |= {"hq_country": ["USA", "USA"], "non_planar": [True, True], "datacenter_marketed": [True, True]}
    found = rows(chokepoint.classify(make(own), on=DAY))
    assert [(r["chip"], r["verdict"]) for r in found] == [("small", "free"), ("large, quoted", "denied")]
    path = tmp_path / "own.csv"
    pl.DataFrame(own).write_csv(path)
    assert rows(chokepoint.classify(path, on=DAY)) == found


def test_mistakes_in_a_table_have_their_place():
    with pytest.raises(ValueError, match=r"table:1:\d+: unknown column `ttp`[\s\S]*did you mean `tpp`"):
        chokepoint.classify(pd.DataFrame({"chip": ["x"], "ttp": [1.0]}), on=DAY)
    with pytest.raises(ValueError, match="found `CHM`, expected the ISO3 code of a nation"):
        chokepoint.classify(on=DAY, to="CHM")
    with pytest.raises(ValueError, match="a day such as"):
        chokepoint.classify(on="2023-13-01")
    with pytest.raises(TypeError, match="found int, expected a path or a table"):
        chokepoint.classify(3, on=DAY)


def test_a_rule_that_is_changed_is_shown_and_judges():
    rule = chokepoint.Rule.new("my-line")
    assert rule.ids == ["my-line"] and "# from this day it binds" in rule.toml
    chip = pa.table({"chip": ["mine"], "hq_country": ["USA"], "tpp": [2500.0], "datacenter_marketed": [True]})
    judged = dict(on="2026-08-01", to="CHN", regime="none", rules=[rule])
    assert rows(chokepoint.classify(chip, **judged))[0]["verdict"] == "denied"
    rule.rules[0]["condition"] = "tpp >= 3000 && datacenter_marketed"
    rule.rules[0]["compliance"] = datetime.date(2026, 7, 15)
    assert 'condition = "tpp >= 3000' in rule.toml and "compliance = 2026-07-15" in rule.toml
    assert "# from this day it binds" in rule.toml
    assert rows(chokepoint.classify(chip, **judged))[0]["verdict"] == "free"
    rule.rules[0]["condition"] = "tpq >= 3000"
    with pytest.raises(ValueError, match=r"my-line\.toml:\d+:\d+[\s\S]*tpp"):
        chokepoint.classify(chip, **judged)


def test_a_rule_is_found_by_its_id_and_a_file_by_its_name(tmp_path):
    rule = chokepoint.Rule.load("us-2023-10-3a090a")
    assert rule.name == "2023-10-17-advanced-computing" and "us-2023-10-3a090b" in rule.ids
    path = rule.save(tmp_path)
    assert chokepoint.Rule.load(str(path)).toml == rule.toml
    with pytest.raises(ValueError, match="did you mean `oct23`"):
        chokepoint.Regime.load("oct33.toml")


def test_a_regime_that_is_built_judges_and_runs(said, tmp_path):
    regime = chokepoint.Regime.new("first-line", include=["us-2022-10-3a090"], description="October 2022 alone.")
    assert 'include = ["us-2022-10-3a090"]' in regime.toml
    own = rows(chokepoint.classify(on=DAY, regime=regime))
    h800 = next(r for r in own if r["chip"] == "H800 SXM")
    assert h800["verdict"] == "free"
    regime["include"].append("us-2023-10-3a090a")
    own = rows(chokepoint.classify(on=DAY, regime=regime))
    assert next(r for r in own if r["chip"] == "H800 SXM")["verdict"] == "denied"
    study = chokepoint.Study.load("did-controls-work").set({"study.last_month": "2024-12", "study.window_months": 12})
    mine = study.arms(["none", regime])
    assert 'baseline = "none"' in mine.toml
    made = mine.run(runs=4, out=tmp_path / "out", report=False)
    assert [a["name"] for a in made.manifest["study"]["arms"]] == ["none", "first-line"]
    assert "configs/regimes/first-line.toml" in made.manifest["inputs"]


def test_what_one_rule_changes(study, tmp_path):
    rule = chokepoint.Rule.new("my-line")
    rule.rules[0]["announced"] = datetime.date(2023, 1, 1)
    rule.rules[0]["compliance"] = datetime.date(2023, 1, 1)
    rule.rules[0]["condition"] = "tpp >= 100"
    made = study.whatif(rule, against="none").run(runs=4, out=tmp_path / "out", report=False)
    effects = {e["outcome"]: e for e in rows(made.effects()) if e["regime"] == "my-line" and e["part"] == "total"
               and e["stratum"] == "all" and e["horizon_months"] is None and e["discount"] == 0}
    assert effects["target_compute_h100e_end"]["p95"] < 0
