"""A table in a file: how it is written, and whether the file is still what was written."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alliance_sim.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["check", "digest", "encoded", "group", "options"]

#: Numbers that repeat, being those of texts; others hardly do, and only their first bytes are alike.
_REPEATED = ("proposed", "reversion", "level", "share", "tabled", "settled_share")


def options(schema: pa.Schema) -> dict[str, Any]:
    """Return how pyarrow is to write tables of a schema: equal tables make equal bytes."""
    import pyarrow as pa

    numbers = [each.name for each in schema if pa.types.is_floating(each.type)]
    split = [name for name in numbers if name not in _REPEATED]
    return {
        # With their bytes apart, numbers take less room with lz4 than whole ones with zstd, in half the time.
        "compression": {name: "lz4" if name in split else "zstd" for name in schema.names},
        "use_byte_stream_split": split,
        "use_dictionary": [name for name in schema.names if name not in numbers],
    }


def group(table: pa.Table) -> int:
    """Return the rows of a group: chunks of a table are groups of its file, which can be read one by one."""
    return max((len(chunk) for chunk in table.column(0).chunks), default=0) or 1


def encoded(table: pa.Table) -> pa.Buffer:
    """Return a file with a table in it."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    buffer = pa.BufferOutputStream()
    pq.write_table(table, buffer, group(table), **options(table.schema))
    return buffer.getvalue()


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check(path: Path, sha256: str) -> None:
    """Refuse a file that is not what was written.

    Raises
    ------
    InputError
        If it is missing, cannot be read, or has other bytes.
    """
    try:
        found = digest(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    if found != sha256:
        raise InputError(f"{path}: is damaged, or a file of other results")
