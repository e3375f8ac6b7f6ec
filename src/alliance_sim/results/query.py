"""Queries: one SELECT over views, which can read no other file, change no setting and hold no second statement.

A text is parsed before it runs, and may read only views and tables that it defines itself, by functions whose answer
depends on their arguments alone. In addition DuckDB is configured to open no other file, and its configuration is
locked. It runs on one thread, since several add numbers in an order that changes from call to call, and with it the
last digits of a sum.
"""

from __future__ import annotations

import csv
import io
import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from alliance_sim import checks
from alliance_sim.errors import InputError, nearest
from alliance_sim.results.functions import CONTEXT, FUNCTIONS, TABLE_FUNCTIONS

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    import pyarrow as pa

__all__ = ["Files", "View", "as_csv", "frame", "select", "values"]


class Files(NamedTuple):
    """The Parquet files of a view.

    Attributes
    ----------
    paths : sequence of Path
    renamed : mapping of str to str
        Former to current names of columns; former names that are not in the files have no effect.

    Examples
    --------
    >>> from pathlib import Path
    >>> Files([Path("runs.parquet")], {"old_name": "cohesion"}).paths[0].name
    'runs.parquet'
    """

    paths: Sequence[Path]
    renamed: Mapping[str, str]


#: Returns the content of a view when a query needs it: Parquet files, or a table in memory.
View = Callable[[], "Files | pa.Table"]

#: Arrow's types that can be written to CSV.
_PLAIN = ("bool", "int", "uint", "float", "double", "decimal", "string", "date", "time", "null")
#: Rows of a batch.
BATCH = 10_000

#: Name of the thread of a query that is left alone; it ends with the process.
ABANDONED = "abandoned query"
#: Interrupts of a query, a tenth of a second apart, before it is left alone.
_INTERRUPTS = 20
Result = TypeVar("Result")
#: A mapping of a parsed query, as JSON gives it.
Node = dict[str, Any]


def frame(views: Mapping[str, View], text: str, timeout: float | None = None) -> pd.DataFrame:
    """Return the result of a query; arguments and errors are the same as for `select`.

    Examples
    --------
    >>> import pyarrow as pa
    >>> runs = pa.table({"draw": [0, 1, 2], "cohesion": [0.5, 0.6, 0.7]})
    >>> frame({"runs": lambda: runs}, "SELECT count(*) AS runs FROM runs WHERE cohesion > 0.55")["runs"].tolist()
    [2]
    """
    import pyarrow as pa

    with select(views, text, timeout) as reader:
        table = reader.read_all()
    # Months have one unit in all tables; dates that do not fit into it keep theirs.
    with suppress(pa.ArrowInvalid):
        nanoseconds = pa.timestamp("ns")
        table = table.cast(
            pa.schema(each.with_type(nanoseconds) if _is_time(each.type) else each for each in table.schema)
        )
    found: pd.DataFrame = table.to_pandas(date_as_object=False)
    return found


def _is_time(kind: pa.DataType) -> bool:
    """Return whether a column holds dates or times of no time zone, such as months that a query rounds or adds to."""
    import pyarrow as pa

    return pa.types.is_date(kind) or (pa.types.is_timestamp(kind) and kind.tz is None)


def as_csv(found: pa.RecordBatchReader) -> Iterator[str]:
    r"""Yield the result of a query as CSV, a piece at a time: texts in quotes, nothing for NULL.

    Examples
    --------
    >>> with select({}, "SELECT 'x' AS text, NULL AS nothing, 0.5 AS number") as found:
    ...     list(as_csv(found))
    ['text,nothing,number\n', '"x",,0.5\n']
    """
    import pyarrow as pa
    from pyarrow.csv import WriteOptions, write_csv

    head = io.StringIO()
    csv.writer(head, lineterminator="\n").writerow(found.schema.names)
    yield head.getvalue()
    # Lists, structs and other values that CSV cannot hold are written as Python writes them.
    plain = [str(each.type).startswith(_PLAIN) for each in found.schema]
    for batch in found:
        columns = [
            column if is_plain else pa.array([None if value is None else str(value) for value in values(column)])
            for column, is_plain in zip(batch.columns, plain, strict=True)
        ]
        table = pa.RecordBatch.from_arrays(columns, [str(i) for i in range(len(columns))])
        buffer = pa.BufferOutputStream()
        write_csv(table, buffer, WriteOptions(include_header=False))
        yield str(buffer.getvalue().to_pybytes(), "utf-8")


def values(column: pa.Array) -> list[Any]:
    """Return the values of a column of a result.

    Raises
    ------
    InputError
        If a date is one that Python does not have.

    Examples
    --------
    >>> import pyarrow as pa
    >>> values(pa.array([1, None]))
    [1, None]
    """
    try:
        found: list[Any] = column.to_pylist()
    except (OverflowError, ValueError):
        raise InputError("query: a date is out of range; allowed: years 1 to 9999, or as text by ::VARCHAR") from None
    return found


@contextmanager
def select(views: Mapping[str, View], text: str, timeout: float | None = None) -> Iterator[pa.RecordBatchReader]:
    """Run a query and yield its result as a reader of batches.

    The same query of the same views has the same result to the last digit, on machines of one type.

    Parameters
    ----------
    views : mapping of str to callable
        Each is called only if the query names it.
    text : str
        One SELECT of DuckDB's SQL.
    timeout : float, optional
        Seconds after which the query is stopped; the time between batches does not count. Default: no limit.

    Raises
    ------
    InputError
        If it is something else, reads anything but views, calls other functions than those of
        `alliance_sim.results.functions`, takes longer, or fails.

    Examples
    --------
    >>> with select({}, "SELECT sum(i) AS total FROM range(5) t(i)") as found:
    ...     found.read_all().to_pydict()
    {'total': [Decimal('10')]}
    """
    import pyarrow as pa

    timer = _Timer(timeout)
    with (
        tempfile.TemporaryDirectory(prefix="alliance_sim-") as scratch,
        _connected(scratch) as connection,
    ):
        try:
            with _explained():
                text.encode()
                names = _names(connection, views, text)
        except UnicodeEncodeError:
            raise InputError("query: holds bytes that are no text; allowed: UTF-8") from None
        except RecursionError:
            raise InputError("query: is nested too deeply; allowed: some hundred levels") from None
        files: list[str] = []
        for name in names:
            source = views[name]()
            if isinstance(source, Files):
                paths = [str(path) for path in source.paths]
                files += paths
                stored = connection.read_parquet(paths)
                renamed = {old: new for old, new in source.renamed.items() if old in stored.columns and new != old}
                (stored.project(_renaming(renamed)) if renamed else stored).create_view(name)
            else:
                connection.register(name, source)
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"SET allowed_paths = {_list(files)}")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        found = timer.run(connection, lambda: connection.sql(text).to_arrow_reader(BATCH))
        batches = iter(lambda: timer.run(connection, lambda: next(found, None)), None)
        yield pa.RecordBatchReader.from_batches(found.schema, batches)


@contextmanager
def _connected(scratch: str) -> Iterator[duckdb.DuckDBPyConnection]:
    import duckdb

    connection = duckdb.connect(config={"temp_directory": scratch, "python_enable_replacements": False, "threads": 1})
    try:
        yield connection
    finally:
        with suppress(duckdb.Error):  # of a query that is left alone
            connection.close()


class _Timer:
    """Runs the steps of a query, which together may take `timeout` seconds."""

    def __init__(self, timeout: float | None) -> None:
        self._timeout = self._left = None if timeout is None else checks.seconds("timeout", timeout)

    def run(self, connection: duckdb.DuckDBPyConnection, work: Callable[[], Result]) -> Result:
        """Run a step in a thread, since DuckDB cannot be interrupted in the thread that waits for it."""
        begun = time.monotonic()
        future: Future[Result] = Future()
        # A daemon: a single function over a huge value cannot be interrupted, and must not keep the process alive.
        thread = threading.Thread(target=_fulfil, args=(future, work), daemon=True)
        thread.start()
        with _explained():
            try:
                return future.result(self._left)
            except (KeyboardInterrupt, TimeoutError) as stop:
                for _ in range(_INTERRUPTS):  # An interrupt between two steps of DuckDB has no effect.
                    connection.interrupt()
                    if wait([future], 0.1).done:
                        break
                else:
                    thread.name = ABANDONED
                if isinstance(stop, KeyboardInterrupt):
                    raise
                raise InputError(
                    f"query: took longer than {self._timeout:g} s; allowed: a query that takes less (a join without a "
                    "condition pairs every row with every other), or a longer timeout where one can be given"
                ) from None
            finally:
                if self._left is not None:
                    self._left -= time.monotonic() - begun


def _fulfil(future: Future[Result], work: Callable[[], Result]) -> None:
    try:
        future.set_result(work())
    except BaseException as error:
        future.set_exception(error)


def _names(connection: duckdb.DuckDBPyConnection, views: Mapping[str, View], text: str) -> list[str]:
    """Return the views that a query names; refuse a text that is not one SELECT over them."""
    import duckdb

    statements = duckdb.extract_statements(text)
    if len(statements) != 1:
        raise InputError(f"query: {len(statements)} statements; allowed: one SELECT")
    if statements[0].type != duckdb.StatementType.SELECT:
        kind = statements[0].type.name.replace("MULTI", "this statement")  # such as PIVOT, which makes several
        raise InputError(f"query: {kind} is not allowed; allowed: one SELECT")
    ((tree,),) = connection.execute("SELECT json_serialize_sql(?::VARCHAR)", [text]).fetchall()
    known = {name.lower(): name for name in views}
    found: dict[str, None] = {}
    for node, own in _nodes(json.loads(tree), frozenset()):
        _check_node(node, views)
        if node.get("type") == "BASE_TABLE":
            name = ".".join(filter(None, (node["catalog_name"], node["schema_name"], node["table_name"])))
            qualified = name != node["table_name"]
            if name.lower() in own and not qualified:
                continue
            if name.lower() in known:
                found[known[name.lower()]] = None
            else:
                raise InputError(f"query: {name!r} is no view here{nearest(name, views)}; allowed: {_all(views)}")
    return list(found)


def _check_node(node: Node, views: Mapping[str, View]) -> None:
    """Refuse a part of a query that reads something else than views, or differs from call to call."""
    if node.get("type") == "SHOW_REF" and node["table_name"]:
        raise InputError("query: SHOW is not allowed; allowed: one SELECT, or DESCRIBE and a view")
    if node.get("type") == "TABLE_FUNCTION":
        if (name := node["function"]["function_name"]) not in TABLE_FUNCTIONS:
            raise InputError(f"query: {name} reads no view; allowed: {_all(views)}")
        node["function"]["class"] = "TABLE_FUNCTION"  # range, as a function of values, is not allowed
    kind = node.get("class")
    if kind in ("FUNCTION", "WINDOW") and (name := node["function_name"]) not in FUNCTIONS:
        raise _not_allowed(name, nearest(name, FUNCTIONS))
    if kind == "COLUMN_REF" and len(node["column_names"]) == 1 and (name := node["column_names"][0].lower()) in CONTEXT:
        raise _not_allowed(name)
    if node.get("sample") and not node["sample"]["repeatable"]:
        raise InputError("query: a sample differs from call to call; allowed: with REPEATABLE and a seed")


def _not_allowed(name: str, hint: str = "") -> InputError:
    return InputError(
        f"query: {name} is not allowed{hint}; allowed: functions whose answer depends on their arguments alone, as "
        "listed in docs/results.md"
    )


def _all(views: Mapping[str, View]) -> str:
    return ", ".join((*views, *TABLE_FUNCTIONS))


def _nodes(tree: object, own: frozenset[str]) -> Iterator[tuple[Node, frozenset[str]]]:
    """Yield every mapping of a parsed query, with the names of the tables that the query itself defines there."""
    if isinstance(tree, dict):
        for entry in tree.get("cte_map", {}).get("map", ()):
            yield from _nodes(entry["value"], own)
            own |= {entry["key"].lower()}
        yield tree, own
        for key, branch in tree.items():
            if key != "cte_map":
                # Only the second half of a recursive table sees the table itself.
                itself = {tree["cte_name"].lower()} if key == "right" and "cte_name" in tree else set()
                yield from _nodes(branch, own | itself)
    elif isinstance(tree, list):
        for branch in tree:
            yield from _nodes(branch, own)


def _renaming(renamed: Mapping[str, str]) -> str:
    """Return the columns of a SELECT: all, some of them under another name."""
    pairs = ", ".join(f'"{old}" AS "{new}"' for old, new in renamed.items())
    return f"* RENAME ({pairs})"


def _list(texts: Sequence[str]) -> str:
    return "[" + ", ".join("'" + text.replace("'", "''") + "'" for text in texts) + "]"


@contextmanager
def _explained() -> Iterator[None]:
    import duckdb

    try:
        yield
    except (duckdb.Error, OSError) as error:  # Arrow passes on what DuckDB says as an OSError.
        # What DuckDB suggests when memory runs out are settings, which a query cannot change.
        text = str(error).split("\n\nPossible solutions")[0].replace("\n\n", "\n")
        raise InputError(f"query: {text}") from None
