"""How a table is written to a Parquet file."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["encoded"]

#: Columns whose numbers repeat, since they come from texts; in others only the first bytes are alike.
_REPEATED = ("proposed", "reversion", "level", "share", "tabled", "settled_share")


def options(schema: pa.Schema) -> dict[str, object]:
    """Return how pyarrow is to write tables of a schema: equal tables make equal bytes."""
    import pyarrow as pa

    numbers = [each.name for each in schema if pa.types.is_floating(each.type)]
    split = [name for name in numbers if name not in _REPEATED]
    return {
        # Split into bytes, numbers take less space with lz4 than whole ones with zstd, in half the time.
        "compression": {name: "lz4" if name in split else "zstd" for name in schema.names},
        "use_byte_stream_split": split,
        "use_dictionary": [name for name in schema.names if name not in numbers],
    }


def group(table: pa.Table) -> int:
    """Return the rows of a group: chunks of a table are groups of its file, which can be read one by one."""
    return max((len(chunk) for chunk in table.column(0).chunks), default=0) or 1


def encoded(table: pa.Table) -> pa.Buffer:
    """Return a file with a table in it.

    Examples
    --------
    >>> import pyarrow as pa
    >>> import pyarrow.parquet as pq
    >>> pq.read_table(encoded(pa.table({"draw": [0, 1]}))).to_pydict()
    {'draw': [0, 1]}
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    buffer = pa.BufferOutputStream()
    pq.write_table(table, buffer, group(table), **options(table.schema))
    return buffer.getvalue()
