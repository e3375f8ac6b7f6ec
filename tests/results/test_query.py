"""Users' SQL: one SELECT over views, and nothing else in the world."""

import csv
import io
import math
import os
import pty
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.table import Table

from alliance_sim import cli
from alliance_sim.cli.reports.run import query_report
from alliance_sim.errors import InputError
from alliance_sim.results import query
from alliance_sim.results.functions import FUNCTIONS, KINDS
from alliance_sim.simulation import simulate

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate("helsinki_2018", 50, 1, "monthly").save(tmp_path_factory.mktemp("query") / "it's kept")


@pytest.fixture
def views(tmp_path: Path) -> Mapping[str, query.View]:
    """A view of two files and one in memory; a third view must not be read."""

    def unasked() -> query.Files:
        raise AssertionError

    paths = [tmp_path / f"it's {i}.parquet" for i in range(2)]
    for i, path in enumerate(paths):
        pq.write_table(pa.table({"draw": [2 * i, 2 * i + 1], "value": [0.5, float(i)]}), path)
    memory = pa.table({"draw": [0, 1, 2, 3], "ally": pa.array(["USA", "FRA", None, "USA"]).dictionary_encode()})
    return {"runs": lambda: query.Files(paths, {}), "allies": lambda: memory, "objections": unasked}


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("SELECT count(*) FROM runs", [(4,)]),
        ("from RUNS select max(draw);", [(3,)]),
        ("WITH us AS (FROM allies WHERE ally = 'USA') SELECT sum(value) FROM runs JOIN us USING (draw)", [(1.5,)]),
        ("SELECT draw FROM runs WHERE draw IN (SELECT draw FROM allies WHERE ally IS NULL)", [(2,)]),
        ("WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT max(i) FROM n", [(5,)]),
        ("WITH a AS (SELECT 1 AS x), runs AS (SELECT x + 1 AS x FROM a) SELECT x FROM runs", [(2,)]),
        ("SELECT sum(x) FROM range(4) t(x), unnest([1, 2])", [(12,)]),
        ("SELECT ally, count(*) FROM allies GROUP BY ALL ORDER BY ALL", [("FRA", 1), ("USA", 2), (None, 1)]),
        ("-- a comment; with a semicolon\nSELECT 1", [(1,)]),
        ("DESCRIBE runs", [("draw", "BIGINT"), ("value", "DOUBLE")]),
    ],
)  # fmt: skip
def test_one_select_is_answered(text: str, rows: list[tuple[object, ...]], views: Mapping[str, query.View]) -> None:
    with query.select(views, text) as found:
        answer = [tuple(row.values()) for row in found.read_all().to_pylist()]
    assert [row[: len(rows[0])] for row in answer] == rows


REFUSED = {
    "COPY runs TO '{outside}'": "COPY is not allowed; allowed: one SELECT",
    "COPY (SELECT 1) TO '{outside}'": "COPY is not allowed",
    "EXPORT DATABASE '{outside}'": "EXPORT is not allowed",
    "ATTACH '{outside}'": "ATTACH is not allowed",
    "PRAGMA version": "PRAGMA is not allowed",
    "PRAGMA database_list": "PRAGMA is not allowed",
    "SET threads = 1": "SET is not allowed",
    "RESET threads": "SET is not allowed",
    "INSTALL httpfs": "LOAD is not allowed",
    "LOAD httpfs": "LOAD is not allowed",
    "CREATE TABLE x AS SELECT 1": "CREATE is not allowed",
    "INSERT INTO runs VALUES (1, 2)": "INSERT is not allowed",
    "DELETE FROM runs": "DELETE is not allowed",
    "DROP VIEW runs": "DROP is not allowed",
    "CALL pragma_version()": "CALL is not allowed",
    "EXPLAIN SELECT 1": "EXPLAIN is not allowed",
    "PREPARE p AS SELECT 1": "PREPARE is not allowed",
    "CHECKPOINT": "is not allowed; allowed: one SELECT",
    "BEGIN": "is not allowed; allowed: one SELECT",
    "SHOW TABLES": "SHOW is not allowed",
    "SELECT 1; SELECT 2": "2 statements; allowed: one SELECT",
    "SELECT 1; COPY runs TO '{outside}'": "2 statements",
    "": "0 statements; allowed: one SELECT",
    " ; -- nothing": "0 statements",
    "SELEC 1": "syntax error",
    "SELECT x FROM runs": "not found in FROM clause",
    "SELECT cast('x' AS int)": "Could not convert",
    "SELECT cast(CASE WHEN draw = 3 THEN 'x' ELSE '1' END AS int) FROM runs": "Could not convert",
    "SELECT * FROM rusn": r"'rusn' is no view here (nearest: runs); allowed: runs, allies, objections, ",
    "SELECT * FROM '{file}'": "is no view here; allowed: runs, allies",
    "SELECT * FROM \"{file}\"": "is no view here",
    "WITH \"{file}\" AS (SELECT 1) FROM \"{file}\", read_csv('{file}')": "read_csv reads no view",
    "SELECT * FROM read_csv('{file}')": "read_csv reads no view",
    "SELECT (SELECT content FROM read_text('{file}'))": "read_text reads no view",
    "SELECT * FROM runs WHERE value IN (FROM read_blob('{file}'))": "read_blob reads no view",
    "SELECT * FROM READ_PARQUET('{part}')": "read_parquet reads no view",
    "SELECT * FROM '{part}'": "is no view here",
    "SELECT * FROM glob('/*')": "glob reads no view",
    "SELECT * FROM query('SELECT 1')": "query reads no view",
    "SELECT * FROM query_table('runs')": "query_table reads no view",
    "SELECT * FROM duckdb_settings()": "duckdb_settings reads no view",
    "SELECT * FROM information_schema.tables": "'information_schema.tables' is no view here",
    "SELECT * FROM secret": "'secret' is no view here",
    "DESCRIBE SELECT * FROM read_csv('{file}')": "read_csv reads no view",
    "SUMMARIZE '{file}'": "is no view here",
    "SELECT * FROM runs UNION ALL (SELECT 1, 2 FROM pandas_scan(1))": "pandas_scan reads no view",
    # A name that the query gives to a table holds where it is given, and for no other catalog or schema.
    'SELECT * FROM (WITH "pg_catalog.pg_settings" AS (SELECT 1) SELECT 1), pg_catalog.pg_settings': "no view here",
    "SELECT * FROM (WITH duckdb_views AS (SELECT 1) SELECT 1), duckdb_views": "'duckdb_views' is no view here",
    "WITH duckdb_views AS (SELECT * FROM duckdb_views) SELECT * FROM duckdb_views": "'duckdb_views' is no view here",
    "WITH RECURSIVE duckdb_logs AS (FROM duckdb_logs UNION ALL SELECT 1) SELECT 1 FROM duckdb_logs": "no view here",
    'SELECT * FROM (WITH "{part}" AS (SELECT 1) SELECT 1), (SELECT count(*) FROM runs), "{part}"': "is no view here",
    "SELECT current_setting('temp_directory')": "current_setting is not allowed",
    "SELECT '\udcff'": "holds bytes that are no text; allowed: UTF-8",
    f"SELECT {'abs(' * 900}1{')' * 900}": "is nested too deeply",
    "SELECT $1": "Values were not provided",
    # Functions are allowed by name: no others, wherever they stand.
    "SELECT sleep_ms(10)": "sleep_ms is not allowed; allowed: functions whose answer depends on their arguments alone",
    "SELECT abss(1)": "abss is not allowed (nearest: abs)",
    "SELECT version()": "version is not allowed",
    "SELECT nextval('s')": "nextval is not allowed",
    "SELECT write_log('x')": "write_log is not allowed",
    "SELECT st_point(1, 2)": "st_point is not allowed",
    "SELECT repeat('x', 4000000000)": "repeat is not allowed",
    "SELECT range(4000000000)": "range is not allowed",
    "SELECT list_aggregate([1], 'sum')": "list_aggregate is not allowed",
    "SELECT json_serialize_sql('SELECT 1')": "json_serialize_sql is not allowed",
    # An answer that differs from call to call.
    "SELECT RANDOM()": "random is not allowed",
    "SELECT pg_catalog.random()": "random is not allowed",
    "SELECT r.now() FROM runs r": "now is not allowed",
    "SELECT current_date": "current_date is not allowed",
    'SELECT "User" FROM runs': "user is not allowed",
    "SELECT (SELECT uuid())": "uuid is not allowed",
    "FROM runs ORDER BY random()": "random is not allowed",
    "FROM runs WHERE now() > DATE '2020-01-01'": "now is not allowed",
    "SELECT count(*) FILTER (WHERE random() < 0.5) FROM runs": "random is not allowed",
    "SELECT sum(value) OVER (ORDER BY random()) FROM runs": "random is not allowed",
    "SELECT reservoir_quantile(value, 0.5) OVER () FROM runs": "reservoir_quantile is not allowed",
    "SELECT list_transform([1], lambda x: random())": "random is not allowed",
    "FROM runs JOIN allies ON random() < 0.5": "random is not allowed",
    "FROM generate_series(1, length(getenv('HOME')))": "getenv is not allowed",
    "FROM runs PIVOT (sum(random()) FOR draw IN (1, 2))": "random is not allowed",
    "FROM runs USING SAMPLE 1": "a sample differs from call to call; allowed: with REPEATABLE and a seed",
    "FROM runs TABLESAMPLE 10%": "a sample differs from call to call",
    "SELECT getenv('HOME') FROM runs": "getenv is not allowed",
    "PIVOT runs ON draw USING sum(value)": "this statement is not allowed",
}  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_everything_else_is_refused(text: str, views: Mapping[str, query.View], tmp_path: Path) -> None:
    secret = pa.table({"x": [1]})  # DuckDB would find a local variable
    file, outside = tmp_path / "secret.csv", tmp_path / "outside"
    file.write_text("x\n1\n")
    part = views["runs"]().paths[0]
    with pytest.raises(InputError) as error:
        query.frame(views, text.format(file=file, outside=outside, part=str(part).replace("'", "''")))
    assert str(error.value).startswith("query: ") and REFUSED[text] in str(error.value)
    assert not outside.exists() and secret.num_rows == 1


@pytest.mark.parametrize(
    "text",
    ["COPY (SELECT 1) TO '{outside}'", "SELECT * FROM read_csv('{file}')", "ATTACH '{outside}'", "SET threads = 1"],
)
def test_duckdb_is_restricted_without_the_parser(
    text: str, views: Mapping[str, query.View], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret.csv").write_text("x\n1\n")
    monkeypatch.setattr(query, "_names", lambda *arguments: ["runs"])
    assert len(query.frame(views, "SELECT * FROM runs")) == 4
    with pytest.raises(InputError, match=r"disabled by configuration|has been locked"):
        query.frame(views, text.format(file=tmp_path / "secret.csv", outside=tmp_path / "outside"))
    assert not (tmp_path / "outside").exists()


ALLOWED = [
    "SELECT regr_slope(value, draw), corr(value, draw), quantile_cont(value, 0.5), mode(draw), mad(value) FROM runs",
    "SELECT arg_max(draw, value), string_agg(draw::VARCHAR, ',' ORDER BY draw), approx_quantile(value, 0.5) FROM runs",
    "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY value), histogram(draw) FROM runs",
    "SELECT row_number() OVER w, lag(value) OVER w, avg(value) OVER w FROM runs WINDOW w AS (ORDER BY draw)",
    "SELECT -draw, draw ** 2, draw // 2, draw % 2, @value, ln(value + 1), round(value), coalesce(value, 0) FROM runs",
    "SELECT ally || '!', upper(ally), ally LIKE 'U%', ally ~ 'S', substring(ally FROM 1 FOR 2) FROM allies",
    "SELECT date_trunc('year', d), d + INTERVAL 1 MONTH, extract(year FROM d) FROM (SELECT DATE '2025-06-01' d)",
    "SELECT [x * 2 for x in [1, 2, 3] if x > 1], list_sum([1, 2]), ([1, 2])[1], {'a': 1}.a, map {'k': 2}['k'], (1, 2)",
    "SELECT CASE WHEN draw > 1 THEN 'a' ELSE 'b' END, if(draw > 1, 1, 2), greatest(draw, 1), nullif(draw, 1) FROM runs",
    "SELECT max(COLUMNS(*)) FROM runs",
    "SELECT unnest([1, 2]), draw FROM runs, range(2) UNION ALL SELECT n, 1 FROM generate_series(1, 2) t(n)",
    "FROM runs TABLESAMPLE reservoir(2 ROWS) REPEATABLE (3)",
    "FROM runs PIVOT (sum(value) FOR draw IN (1, 2))",
    "SUMMARIZE runs",
]  # fmt: skip


@pytest.mark.parametrize("text", ALLOWED)
def test_functions_of_values_are_allowed_and_answer_alike(text: str, views: Mapping[str, query.View]) -> None:
    answers = [query.frame(views, text) for _ in range(2)]
    assert len(answers[0]) > 0
    pd.testing.assert_frame_equal(*answers, check_exact=True)


def test_every_function_that_is_allowed_is_one_of_duckdb() -> None:
    rows = duckdb.execute("SELECT DISTINCT function_name, stability FROM duckdb_functions()").fetchall()
    named = [name for names in KINDS.values() for name in names]
    assert len(named) == len(set(named)) and set(named) <= {name for name, _ in rows}
    # DuckDB knows some of those that differ from call to call.
    assert not FUNCTIONS & {name for name, stability in rows if stability == "VOLATILE"}
    assert not FUNCTIONS & {name for name, stability in rows if stability == "CONSISTENT_WITHIN_QUERY"}


SUMS = """
SELECT kind, sum(value) AS total, avg(value) AS mean, stddev(value) AS sd, corr(value, x) AS r, sum(value * x) AS dot
FROM runs GROUP BY kind
"""


def test_thirty_calls_of_one_query_under_load_give_the_same_bytes(tmp_path: Path) -> None:
    # Enough row groups for several threads, with values whose sum depends on the order.
    rng = np.random.default_rng(1)
    tables = [
        pa.table({"kind": rng.integers(0, 5, n), "value": 10.0 ** rng.uniform(-9, 9, n), "x": rng.normal(size=n)})
        for n in (300_000, 200_000)
    ]
    paths = [tmp_path / f"{i}.parquet" for i in range(2)]
    for path, table in zip(paths, tables, strict=True):
        pq.write_table(table, path, row_group_size=20_000)
    sources: list[query.View] = [lambda: query.Files(paths, {}), lambda: pa.concat_tables(tables)]

    def answer(call: int) -> bytes:
        with query.select({"runs": sources[call % 2]}, SUMS) as found:
            return "".join(query.as_csv(found)).encode()

    with ThreadPoolExecutor(6) as pool:
        answers = set(pool.map(answer, range(30)))
    assert len(answers) == 1 and len(answers.pop().splitlines()) == 6


ENDLESS = [
    "SELECT count(*) FROM range(1000000) a, range(1000000) b, range(1000000) c WHERE a.range * b.range < c.range",
    "SELECT i FROM range(1000000000000000) t(i)",  # stopped between its batches
    "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i FROM n) SELECT count(*) FROM n",
    "SELECT list(a.range) FROM range(1000000) a, range(1000000) b GROUP BY a.range",
]


@pytest.mark.parametrize("text", ENDLESS)
def test_a_query_without_an_end_is_stopped(text: str) -> None:
    with (
        pytest.raises(InputError, match=r"query: took longer than 0\.2 s; allowed: .*, or a longer timeout"),
        query.select({}, text, 0.2) as found,
    ):
        for _ in found:
            pass


@pytest.mark.parametrize("timeout", [0, -1.0, math.nan, math.inf, 1e7, True])
def test_a_timeout_is_a_number_of_seconds(timeout: float) -> None:
    with pytest.raises(InputError, match=r"timeout: .* allowed: a number of seconds above 0"):
        query.frame({}, "SELECT 1", timeout)


def test_a_query_that_takes_too_much_memory_ends_with_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = duckdb.connect
    monkeypatch.setattr(duckdb, "connect", lambda config: connect(config={**config, "memory_limit": "50MB"}))
    with pytest.raises(InputError, match=r"query: .*Out of Memory") as error:
        query.frame({}, "SELECT list(i) FROM range(100000000) t(i)")
    assert "Possible solutions" not in str(error.value)


def test_a_date_beyond_those_of_python_is_refused_where_it_cannot_be_shown() -> None:
    with (
        query.select({}, "SELECT [DATE '20000-01-01']") as found,
        pytest.raises(InputError, match="a date is out of range; allowed: years 1 to 9999"),
    ):
        list(query.as_csv(found))


def test_csv_has_a_form_for_every_type(views: Mapping[str, query.View]) -> None:
    text = (
        "SELECT 1 AS a, 2 AS a, 0.1::DOUBLE AS d, 'nan'::DOUBLE AS nan, NULL AS nothing, true AS b, 'x, \"y\"' AS t, "
        "DATE '2025-06-01' AS month, [1, 2] AS l, {'k': 1} AS s, 1::HUGEINT AS h, INTERVAL 1 DAY AS i, 'z' AS \"a,b\""
    )
    with query.select(views, text) as found:
        head, row = csv.reader(io.StringIO("".join(query.as_csv(found))))
    assert head == ["a", "a", "d", "nan", "nothing", "b", "t", "month", "l", "s", "h", "i", "a,b"]
    assert row[:11] == ["1", "2", "0.1", "nan", "", "true", 'x, "y"', "2025-06-01", "[1, 2]", "{'k': 1}", "1"]


def shell(*arguments: object) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "alliance_sim", *map(str, arguments)], capture_output=True, text=True, env=ENVIRONMENT
    )
    return done.returncode, done.stdout, done.stderr


ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "src")}


def test_a_pipe_gets_csv_and_nothing_else(folder: Path) -> None:
    status, out, err = shell("query", folder, "SELECT draw, cohesion, scenario FROM runs ORDER BY draw")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert (status, err) == (0, "") and len(rows) == 50
    expected = simulate("helsinki_2018", 50, 1, "monthly").frame("cohesion").groupby("draw")["value"].last()
    assert [float(row["cohesion"]) for row in rows] == expected.tolist()  # to the last digit
    assert shell("query", folder, "SELECT 1 AS x WHERE false") == (0, "x\n", "")


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_csv_is_utf8_whatever_the_terminal(folder: Path, encoding: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "alliance_sim", "query", folder, "SELECT 'Zoë Łódź' AS \"ñ\""],
        capture_output=True, env={**ENVIRONMENT, "PYTHONIOENCODING": encoding},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode("utf-8").split() == ["ñ", '"Zoë', 'Łódź"']


def test_a_table_shows_every_column_and_no_control_character() -> None:
    with query.select({}, "SELECT 1 AS a, 2 AS a, 'x' AS \"\x1b[2J\"") as found:
        table, note = query_report(found)
    assert isinstance(table, Table)
    assert [str(column.header) for column in table.columns] == ["a", "a", "\\x1b[2J"]
    assert [[str(cell) for cell in column.cells] for column in table.columns] == [["1"], ["2"], ["x"]]
    assert str(note) == "1 row"


def test_a_terminal_gets_a_table(folder: Path) -> None:
    ours, theirs = pty.openpty()
    command = subprocess.Popen(
        [sys.executable, "-m", "alliance_sim", "query", folder, "SELECT month, outcome, value FROM trajectories"],
        stdout=theirs, env={**ENVIRONMENT, "COLUMNS": "100", "TERM": "dumb"},
    )  # fmt: skip
    os.close(theirs)
    text = ""
    while True:
        try:
            piece = os.read(ours, 10_000)
        except OSError:  # The other end is closed.
            break
        if not piece:
            break
        text += piece.decode()
    os.close(ours)
    assert command.wait() == 0
    assert "month" in text and "2018-01-01" in text and text.count("cohesion") == 40
    assert "64,800 rows, the first 40 shown" in text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("COPY runs TO 'x.csv'", "query: COPY is not allowed; allowed: one SELECT\n"),
        ("SELECT * FROM alies", "query: 'alies' is no view here; allowed: runs, trajectories, decisions, objections, "),
        ("SELECT * FROM decisons", "(nearest: decisions)"),
        ("SELECT sleep_ms(1)", "query: sleep_ms is not allowed; allowed: functions "),
    ],
)
def test_wrong_queries_end_with_one_message(
    text: str, message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit:
        cli.main(["query", str(folder), text])
    out, err = capsys.readouterr()
    assert exit.value.code == 2 and out == "" and message in err and err.count("\n") == 1


def test_the_command_stops_a_long_query(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit:
        cli.main(["query", str(folder), "SELECT count(*) FROM trajectories a, trajectories b, trajectories c WHERE "
                  "a.value * b.value < c.value", "--timeout", "0.5"])  # fmt: skip
    out, err = capsys.readouterr()
    assert exit.value.code == 2 and out == "" and err.startswith("query: took longer than 0.5 s; allowed: ")
    assert err.count("\n") == 1


def test_a_single_function_over_a_huge_value_does_not_keep_the_command(folder: Path) -> None:
    huge = "'aaaaaaaa'"
    for _ in range(14):
        huge = f"replace({huge}, 'a', 'aaaa')"
    # Some twenty seconds after the first interrupt if it is waited for.
    text = f"SELECT length(regexp_replace({huge}, '(a|b)*c', 'x'))"
    done = subprocess.run(
        [sys.executable, "-m", "alliance_sim", "query", folder, text, "--timeout", "0.5"],
        capture_output=True, text=True, env=ENVIRONMENT, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("query: took longer than 0.5 s; allowed: ") and done.stderr.count("\n") == 1


def test_a_damaged_result_is_refused(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for what, message in {"runs": "runs.parquet: is damaged", "": "holds no complete results"}.items():
        copy = tmp_path / (what or "nothing")
        if what:
            copy.mkdir()
            for path in folder.iterdir():
                (copy / path.name).write_bytes(
                    path.read_bytes().replace(b"PAR1", b"PAR2") if path.stem == what else path.read_bytes()
                )
        with pytest.raises(SystemExit) as exit:
            cli.main(["query", str(copy), "SELECT * FROM runs"])
        out, err = capsys.readouterr()
        assert exit.value.code == 2 and out == "" and message in err and err.count("\n") == 1


def test_months_that_a_query_computes_have_the_unit_of_all_others() -> None:
    text = """SELECT DATE '2025-06-15' AS day, date_trunc('month', DATE '2025-06-15') AS month,
        DATE '2025-06-01' + INTERVAL 3 MONTH AS later, TIMESTAMPTZ '2025-06-01 00:00:00+00' AS zoned"""
    found = query.frame({}, text)
    assert [str(kind) for kind in found.dtypes[:3]] == ["datetime64[ns]"] * 3
    assert found["zoned"].dt.tz is not None


def test_an_interrupt_ends_a_long_query() -> None:
    many = pa.table({"x": range(100_000)})
    timer = threading.Timer(1.0, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        query.frame({"runs": lambda: many}, "SELECT count(*) FROM runs a, runs b, runs c WHERE a.x * b.x < c.x")
