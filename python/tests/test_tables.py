"""Results cross as Arrow: what libraries read is what was written, at the same address."""

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest


@pytest.fixture(scope="module")
def written(results):
    return pq.read_table(results.folder / "outcomes.parquet")


def same(one, other):
    """Every name and value is the same; a missing number is the same as itself."""
    pd.testing.assert_frame_equal(one.to_pandas(), other.to_pandas(), check_exact=True)


def test_pyarrow_reads_outcomes_at_the_same_address(results, written):
    table = results.outcomes()
    read = pa.table(table)
    same(read, written)
    assert len(table) == read.num_rows == 60 and table.column_names == read.column_names
    for name in ["choice_slope", "gap_months_mean"]:
        addresses = [chunk.buffers()[-1].address for chunk in read.column(name).chunks]
        assert addresses == table.addresses(name) and all(addresses)
    # The buffers outlive the table that they came from.
    del table
    same(read, written)


def test_polars_reads_outcomes_at_the_same_address(results, written):
    table = results.outcomes()
    read = pl.DataFrame(table)
    same(read.to_arrow(), written)
    series = read["gap_months_mean"]
    addresses = [chunk.to_arrow().buffers()[-1].address for chunk in series.get_chunks()]
    assert addresses == table.addresses("gap_months_mean")


def test_pandas_reads_outcomes(results, written):
    read = pd.DataFrame.from_arrow(results.outcomes())
    pd.testing.assert_frame_equal(read, written.to_pandas(), check_exact=True)


def test_duckdb_reads_outcomes(results, written):
    outcomes = results.outcomes()
    query = "select regime, avg(gap_months_mean) as gap from outcomes group by regime order by regime"
    found = dict(duckdb.sql(query).fetchall())
    frame = written.to_pandas().groupby("regime")["gap_months_mean"].mean()
    assert found == pytest.approx(frame.to_dict(), rel=1e-12)


def test_effects_are_those_of_the_file(results):
    read = pa.table(results.effects()).to_pandas()
    file = pd.read_csv(results.folder / "effects.csv")
    assert set(read.columns) == set(file.columns)
    for name in file.columns:
        pd.testing.assert_series_equal(read[name], file[name], check_dtype=False, rtol=0)


def test_bands_and_events_are_those_of_the_files(results):
    for name, table in [("bands", results.bands()), ("events", results.events())]:
        same(pa.table(table), pq.read_table(results.folder / f"{name}.parquet"))


def test_a_table_shows_itself(results):
    table = results.effects()
    page = table._repr_html_()
    assert "<th>probability_positive</th>" in page and f"{len(table)} rows" in page
    assert "mean: Float64" in repr(table)
    with pytest.raises(KeyError):
        table.addresses("no_such_column")
    with pytest.raises(ValueError, match="found no table `serie`, expected one of bands"):
        results.table("serie")


def test_units_are_known(results):
    units = results.units()
    assert units["gap_months_mean"] == "months"
    assert set(results.outcomes().column_names[5:]) <= set(units)
