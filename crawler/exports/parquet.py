"""Exports as Parquet, for pandas, Arrow, DuckDB and R; with pyarrow, the extra `parquet`."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from importlib.util import find_spec
from typing import Any

from crawler.errors import ConfigError
from crawler.exports.columns import OWN, columns, fields
from crawler.exports.inquiry import Inquiry, described
from crawler.exports.parts import Outbox
from crawler.exports.rows import Batch, Row
from crawler.published import moment

# Batches in a row group: 5,000 articles, some 20 MB with their texts.
GROUP = 10


def available() -> bool:
    return find_spec("pyarrow") is not None


def required() -> None:
    if not available():
        raise ConfigError("Parquet needs pyarrow: pip install 'tamis[parquet]'")


def write_parquet(about: Inquiry, found: Iterable[Batch]) -> Iterator[bytes]:
    """Lists are lists, `fetched` is a moment in UTC.

    `published` stays text, since some are days; `published_at` is the same as a moment.
    """
    required()
    import pyarrow as pa  # noqa: PLC0415  130 MB, for this format alone
    from pyarrow import parquet  # noqa: PLC0415

    schema = _schema(pa, about)
    outbox = Outbox()
    with parquet.ParquetWriter(outbox, schema, compression="zstd") as writer:
        for group in _groups(found):
            filled = zip(zip(*map(_values, group), strict=True), schema, strict=True)
            arrays = [pa.array(values, column.type) for values, column in filled]
            writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))
            del group, filled, arrays  # before the next is read
            yield outbox.take()
    yield outbox.take()


def _schema(pa: Any, about: Inquiry) -> Any:
    instant = pa.timestamp("ms", tz="UTC")
    types = {
        "integer": pa.int64(), "string": pa.string(), "datetime": instant,
        "list": pa.list_(pa.string()),
    }  # fmt: skip
    told = [(each.name, types[each.kind], each.description) for each in columns()]
    told.append(("published_at", instant, OWN["published_at"]))
    stated = {"tamis": json.dumps(described(about), ensure_ascii=False)}
    return pa.schema(
        [pa.field(name, type_, metadata={"description": text}) for name, type_, text in told],
        metadata=stated,
    )


def _groups(found: Iterable[Batch]) -> Iterator[list[Row]]:
    group: list[Row] = []
    for n, batch in enumerate(found, 1):
        group += batch
        if n % GROUP == 0:
            yield group
            group = []
    if group:
        yield group


FETCHED = Row._fields.index("fetched")


def _values(row: Row) -> list[Any]:
    values: list[datetime | Any] = [*row, moment(row.published)]
    values[FETCHED] = moment(row.fetched)
    return values


def parquet_fields() -> list[dict[str, Any]]:
    """As Table Schema has them."""
    own = {"name": "published_at", "type": "datetime", "description": OWN["published_at"]}
    return [*fields(flat=False), own]
