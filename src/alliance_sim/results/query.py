"""One SELECT over views, and nothing else: no file but those of the views, no setting, no second statement.

A text is parsed before it runs: what it reads must be a view, or a table of its own making. Besides, DuckDB is shut in:
it opens no other file, and its configuration is locked.
"""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alliance_sim.errors import InputError, nearest

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    import pyarrow as pa

__all__ = ["View", "as_csv", "frame", "select"]

#: What a view is made of when it is asked for: Parquet files, or a table in memory.
View = Callable[[], "Sequence[Path] | pa.Table"]

#: Table functions that make rows out of what the query itself says.
_FUNCTIONS = ("generate_series", "range", "unnest")
#: Functions that tell or change what is no value: settings, logs, time that passes.
_OUTSIDE = ("current_setting", "getenv", "getvariable", "pg_sleep", "write_log")
#: Arrow's types that CSV has a form for.
_PLAIN = ("bool", "int", "uint", "float", "double", "decimal", "string", "date", "time", "null")
#: Rows of a batch.
BATCH = 10_000


def frame(views: Mapping[str, View], text: str) -> pd.DataFrame:
    """Return what a query finds; arguments and errors as those of `select`."""
    with select(views, text) as reader:
        found: pd.DataFrame = reader.read_all().to_pandas(date_as_object=False)
    return found


def as_csv(found: pa.RecordBatchReader) -> Iterator[str]:
    """Yield what was found as CSV, a piece at a time: texts in quotes, nothing for NULL."""
    import pyarrow as pa
    from pyarrow.csv import WriteOptions, write_csv

    head = io.StringIO()
    csv.writer(head, lineterminator="\n").writerow(found.schema.names)
    yield head.getvalue()
    # Lists, structs and other values with no form in CSV are written as Python writes them.
    plain = [str(each.type).startswith(_PLAIN) for each in found.schema]
    for batch in found:
        columns = [
            column if as_it_is else pa.array([None if value is None else str(value) for value in column.to_pylist()])
            for column, as_it_is in zip(batch.columns, plain, strict=True)
        ]
        table = pa.RecordBatch.from_arrays(columns, [str(i) for i in range(len(columns))])
        buffer = pa.BufferOutputStream()
        write_csv(table, buffer, WriteOptions(include_header=False))
        yield str(buffer.getvalue().to_pybytes(), "utf-8")


@contextmanager
def select(views: Mapping[str, View], text: str) -> Iterator[pa.RecordBatchReader]:
    """Run a query and yield what it finds, batch by batch.

    Parameters
    ----------
    views : mapping of str to callable
        Each is called only if the query names it.
    text : str
        One SELECT of DuckDB's SQL.

    Raises
    ------
    InputError
        If it is something else, reads what is no view, or fails.
    """
    import duckdb
    import pyarrow as pa

    with (
        tempfile.TemporaryDirectory(prefix="alliance_sim-") as room,
        duckdb.connect(config={"temp_directory": room, "python_enable_replacements": False}) as connection,
    ):
        with _explained():
            names = _names(connection, views, text)
        files: list[str] = []
        for name in names:
            source = views[name]()
            if isinstance(source, Sequence):
                paths = [str(path) for path in source]
                files += paths
                connection.read_parquet(paths).create_view(name)
            else:
                connection.register(name, source)
        connection.execute(f"SET allowed_paths = {_list(files)}")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        found = _do(connection, lambda: connection.sql(text).to_arrow_reader(BATCH))
        batches = iter(lambda: _do(connection, lambda: next(found, None)), None)
        yield pa.RecordBatchReader.from_batches(found.schema, batches)


def _do(connection: duckdb.DuckDBPyConnection, work: Callable[[], Any]) -> Any:
    """Do what DuckDB would not let be interrupted from the thread that waits for it."""
    with ThreadPoolExecutor(1) as pool, _explained():
        future = pool.submit(work)
        try:
            return future.result()
        except KeyboardInterrupt:
            connection.interrupt()
            raise


def _names(connection: duckdb.DuckDBPyConnection, views: Mapping[str, View], text: str) -> list[str]:
    """Return the views that a query names; refuse what is not one SELECT over them."""
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


def _nodes(tree: Any, own: frozenset[str]) -> Iterator[tuple[dict[str, Any], frozenset[str]]]:
    """Yield every mapping of a parsed query, with the names that the query itself gives to tables there."""
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
