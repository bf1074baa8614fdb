"""A study on Dask gives the bytes of `chokepoint run`, also when a worker is killed."""

import os
import signal

import chokepoint.dask
import pytest
from conftest import SHORT, WORDS, same_bytes
from distributed import Client, LocalCluster


@pytest.fixture
def client():
    with LocalCluster(n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None) as cluster:
        with Client(cluster) as client:
            yield client


def test_two_workers_one_killed_in_the_middle_give_the_same_bytes(client, study, said, tmp_path):
    workers = client.run(os.getpid)
    assert len(workers) == 2
    killed = []

    def kill_one(done, total):
        if not killed and done >= total / 4:
            killed.append(next(iter(workers.values())))
            os.kill(killed[0], signal.SIGKILL)

    made = chokepoint.dask.run(study, client, runs=240, blocks=24, out=tmp_path / "dask", progress=kill_one)
    assert killed and killed[0] not in client.run(os.getpid).values()
    code, _, err = said("run", "did-controls-work", *WORDS, "--runs", 240, "--out", tmp_path / "program")
    assert code == 0, err
    same_bytes(made.folder, tmp_path / "program")


def test_blocks_that_are_there_are_not_run_again(client, study, tmp_path):
    def stop(done, total):
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        chokepoint.dask.run(study, client, runs=60, blocks=6, out=tmp_path / "out", report=False, progress=stop)
    seen = []
    made = chokepoint.dask.run(
        study, client, runs=60, blocks=6, out=tmp_path / "out", report=False, progress=lambda *c: seen.append(c)
    )
    assert len(seen) == 5 and seen[-1] == (180, 180)
    same_bytes(made.folder, study.run(runs=60, out=tmp_path / "whole", report=False).folder)


def test_a_cluster_of_its_own_is_held_to_loopback(tmp_path, monkeypatch):
    addresses = []
    begun = Client.__init__

    def noted(self, cluster, *args, **options):
        addresses.append(cluster.scheduler_address)
        begun(self, cluster, *args, **options)

    monkeypatch.setattr(Client, "__init__", noted)
    study = chokepoint.Study.load("did-controls-work").set({**SHORT, "study.last_month": "2024-12", "study.window_months": 24})
    made = chokepoint.dask.run(study, runs=4, blocks=2, out=tmp_path / "out", report=False)
    assert made.manifest["runs"] == 4
    assert addresses and all(a.startswith("tcp://127.0.0.1:") for a in addresses)
