"""Queries: one SELECT over views, which can read no other file, change no setting and hold no second statement.

A text is parsed before it runs, and may read only views and tables that it defines itself. In addition DuckDB is
configured to open no other file, and its configuration is locked.
"""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from alliance_sim.errors import InputError, nearest

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    import pyarrow as pa

__all__ = ["Files", "View", "as_csv", "frame", "select"]


class Files(NamedTuple):
    """The Parquet files of a view.

    Attributes
    ----------
    paths : sequence of Path
    renamed : mapping of str to str
        Former to current names of columns; former names that are not in the files have no effect.
    """

    paths: Sequence[Path]
    renamed: Mapping[str, str]


#: Returns the content of a view when a query needs it: Parquet files, or a table in memory.
View = Callable[[], "Files | pa.Table"]

#: Table functions that make rows from their arguments alone.
_FUNCTIONS = ("generate_series", "range", "unnest")
#: Functions that read or change the environment: settings, logs, time.
_OUTSIDE = ("current_setting", "getenv", "getvariable", "pg_sleep", "write_log")
#: Arrow's types that can be written to CSV.
_PLAIN = ("bool", "int", "uint", "float", "double", "decimal", "string", "date", "time", "null")
#: Rows of a batch.
BATCH = 10_000

Result = TypeVar("Result")
#: A mapping of a parsed query, as JSON gives it.
Node = dict[str, Any]


def frame(views: Mapping[str, View], text: str) -> pd.DataFrame:
    """Return the result of a query; arguments and errors are the same as for `select`."""
    import pyarrow as pa

    with select(views, text) as reader:
        table = reader.read_all()
    # Months have one unit in all tables; dates that do not fit into it keep theirs.
    with suppress(pa.ArrowInvalid):
        nanoseconds = pa.timestamp("ns")
        table = table.cast(
            pa.schema(each.with_type(nanoseconds) if pa.types.is_date(each.type) else each for each in table.schema)
        )
    found: pd.DataFrame = table.to_pandas(date_as_object=False)
    return found


def as_csv(found: pa.RecordBatchReader) -> Iterator[str]:
    """Yield the result of a query as CSV, a piece at a time: texts in quotes, nothing for NULL."""
    import pyarrow as pa
    from pyarrow.csv import WriteOptions, write_csv

    head = io.StringIO()
    csv.writer(head, lineterminator="\n").writerow(found.schema.names)
    yield head.getvalue()
    # Lists, structs and other values that CSV cannot hold are written as Python writes them.
    plain = [str(each.type).startswith(_PLAIN) for each in found.schema]
    for batch in found:
        columns = [
            column if is_plain else pa.array([None if value is None else str(value) for value in column.to_pylist()])
            for column, is_plain in zip(batch.columns, plain, strict=True)
        ]
        table = pa.RecordBatch.from_arrays(columns, [str(i) for i in range(len(columns))])
        buffer = pa.BufferOutputStream()
        write_csv(table, buffer, WriteOptions(include_header=False))
        yield str(buffer.getvalue().to_pybytes(), "utf-8")


@contextmanager
def select(views: Mapping[str, View], text: str) -> Iterator[pa.RecordBatchReader]:
    """Run a query and yield its result as a reader of batches.

    Parameters
    ----------
    views : mapping of str to callable
        Each is called only if the query names it.
    text : str
        One SELECT of DuckDB's SQL.

    Raises
    ------
    InputError
        If it is something else, reads anything but views, or fails.
    """
    import duckdb
    import pyarrow as pa

    with (
        tempfile.TemporaryDirectory(prefix="alliance_sim-") as scratch,
        duckdb.connect(config={"temp_directory": scratch, "python_enable_replacements": False}) as connection,
    ):
        with _explained():
            names = _names(connection, views, text)
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
        connection.execute(f"SET allowed_paths = {_list(files)}")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        found = _do(connection, lambda: connection.sql(text).to_arrow_reader(BATCH))
        batches = iter(lambda: _do(connection, lambda: next(found, None)), None)
        yield pa.RecordBatchReader.from_batches(found.schema, batches)


def _do(connection: duckdb.DuckDBPyConnection, work: Callable[[], Result]) -> Result:
    """Run work of DuckDB in a thread, since it cannot be interrupted in the thread that waits for it."""
    with ThreadPoolExecutor(1) as pool, _explained():
        future = pool.submit(work)
        try:
            return future.result()
        except KeyboardInterrupt:
            connection.interrupt()
            raise


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
        if node.get("type") == "SHOW_REF" and node["table_name"]:
            raise InputError("query: SHOW is not allowed; allowed: one SELECT, or DESCRIBE and a view")
        if node.get("type") == "TABLE_FUNCTION" and node["function"]["function_name"] not in _FUNCTIONS:
            raise InputError(f"query: {node['function']['function_name']} reads no view; allowed: {_all(views)}")
        if node.get("class") == "FUNCTION" and node["function_name"] in _OUTSIDE:
            raise InputError(f"query: {node['function_name']} is not allowed; allowed: functions of values")
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


def _all(views: Mapping[str, View]) -> str:
    return ", ".join((*views, *_FUNCTIONS))


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
        text = str(error).replace("\n\n", "\n")
        raise InputError(f"query: {text}") from None
