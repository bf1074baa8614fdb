"""Sobol indices and elementary effects agree with SALib, boxes with the EMA Workbench, on the same samples."""

import numpy as np
import pandas as pd
import pytest
from chokepoint._core import morris_screen, prim_boxes, prim_training, sobol_indices

FACTORS = 4
PROBLEM = {"num_vars": FACTORS, "names": list("abcd"), "bounds": [[-np.pi, np.pi]] * FACTORS}
UNIT = {**PROBLEM, "bounds": [[0.0, 1.0]] * FACTORS}


def ishigami(x):
    """Three factors that act, one that does nothing."""
    return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


def test_sobol_indices_agree_with_salib():
    from SALib.analyze import sobol as analyze
    from SALib.sample import sobol as sample

    n = 1024
    x = sample.sample(PROBLEM, n, calc_second_order=False, scramble=True, seed=3)
    y = ishigami(x)
    theirs = analyze.analyze(PROBLEM, y, calc_second_order=False, seed=3)
    rows = y.reshape(n, FACTORS + 2)
    a, b, ab = rows[:, 0], rows[:, -1], rows[:, 1:-1].T
    ours = np.array(sobol_indices(a.tolist(), b.tolist(), ab.tolist()))
    # The total is the same formula; the first differs in what answers are centred on.
    np.testing.assert_allclose(ours[:, 2], theirs["ST"], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(ours[:, 0], theirs["S1"], atol=2e-3)
    # Bootstrap errors, ours from 100 resamples; theirs is a 95 % interval from as many.
    np.testing.assert_allclose(1.96 * ours[:3, 3], theirs["ST_conf"][:3], rtol=0.35)
    assert ours[3, 2] == theirs["ST"][3] == 0


def test_elementary_effects_agree_with_salib():
    from SALib.analyze import morris as analyze
    from SALib.sample import morris as sample

    x = sample.sample(UNIT, 50, num_levels=4, seed=5)
    y = ishigami(2 * np.pi * x - np.pi)
    theirs = analyze.analyze(UNIT, x, y, num_levels=4)
    ours = np.array(morris_screen(x.reshape(50, FACTORS + 1, FACTORS).tolist(), y.reshape(50, -1).tolist()))
    for at, name in enumerate(["mu", "mu_star", "sigma"]):
        np.testing.assert_allclose(ours[:, at], np.asarray(theirs[name]), rtol=1e-9, atol=1e-9)


def test_points_that_are_no_trajectory_are_refused():
    with pytest.raises(ValueError, match="found 2 factors that move"):
        morris_screen([[[0.0, 0.0], [1.0, 1.0]]], [[0.0, 1.0]])


def inside(limits, x):
    rows = np.ones(len(x), dtype=bool)
    for factor, low, high in limits:
        rows &= (x[:, factor] >= (-np.inf if low is None else low)) & (x[:, factor] <= (np.inf if high is None else high))
    return rows


def test_boxes_agree_with_the_ema_workbench():
    from ema_workbench.analysis import prim

    draws = np.random.default_rng(11)
    x = draws.random((3000, FACTORS))
    chance = np.where((x[:, 0] > 0.65) & (x[:, 1] < 0.4), 0.9, 0.05)
    hit = draws.random(len(x)) < chance
    (ours,) = prim_boxes(x.tolist(), hit.tolist())
    limits, (support, coverage, density), held_out = ours
    half = np.array(prim_training(len(x)))
    frame = pd.DataFrame(x[half], columns=PROBLEM["names"])
    # The same peel and least mass as ours.
    box = prim.Prim(frame, hit[half], threshold=0.1, peel_alpha=0.07, mass_min=0.06).find_box()
    along = box.peeling_trajectory
    # They leave the choice of a box along the trajectory to people; ours takes the one worth most, support times lift.
    base = hit[half].mean()
    worth = along["mass"] * (along["density"] - base)
    best = int(worth.idxmax())
    assert support * (density - base) == pytest.approx(worth[best], rel=0.05)
    assert along["res_dim"][best] == 2
    # The same factors, the same limits to a peel, and the same rows inside.
    theirs = box.box_lims[best]
    found = {factor: (low, high) for factor, low, high in limits}
    assert set(found) == {0, 1}
    assert found[0][0] == pytest.approx(theirs["a"][0], abs=0.025) and found[0][1] is None
    assert found[1][1] == pytest.approx(theirs["b"][1], abs=0.025) and found[1][0] is None
    rows = inside(limits, x[half])
    others = inside([(i, *theirs[name]) for i, name in enumerate(PROBLEM["names"])], x[half])
    assert rows.sum() == pytest.approx(support * half.sum())
    assert (rows & others).sum() / (rows | others).sum() > 0.9
    # And both hold where they were not looked for.
    assert held_out[2] > 0.75 > 3 * held_out[3]
