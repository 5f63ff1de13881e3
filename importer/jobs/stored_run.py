"""A run as its journal has it, taken up again: its options, its schema and its columns."""

from __future__ import annotations

from pathlib import Path

from importer.errors import FileError
from importer.jobs.options import ReadOptions, RunOptions
from importer.journal import RunRecord
from importer.model import Columns, KeyColumn, Policy, ValueColumn
from schemas.message import message
from schemas.property import PortalSchema, read_schema


def stored_options(record: RunRecord, *, html: Path | None, overwrite: bool) -> RunOptions:
    """Return the options of a run as its journal has them."""
    output = record.output
    page = html or (Path(record.html) if record.html else None)
    return RunOptions(
        Path(record.file),
        read=ReadOptions(sheet=record.sheet),
        dry_run=record.dry_run,
        diff=record.diff,
        output=Path(output) if output else None,
        html=page,
        failed_to=Path(record.failed_to) if record.failed_to else None,
        overwrite=overwrite or record.overwrite,
    )


def stored_columns(record: RunRecord) -> tuple[PortalSchema, Columns]:
    """Return the schema and the columns of a run as its journal has them. Raises FileError where that is damaged."""
    try:
        schema = read_schema(record.schema)
        key = record.key
        columns = Columns(
            KeyColumn(key.position, key.header, key.property),
            tuple(
                ValueColumn(one.position, one.header, schema.properties[one.property_name], Policy(one.policy))
                for one in record.columns
                if one.property_name in schema.properties
            ),
            record.header_row,
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise FileError(
            message("{path} is not a journal of a run ({reason}).", path=record.id, reason=repr(error))
        ) from error
    return schema, columns
