"""What others use to check a spreadsheet, each with the same rules; run by `.venv-bench`'s Python, a case a process.

The cases are not tuned against: each is written as its own documentation shows, with the settings that are fastest
where that costs no finding.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import workload
from measuring import run_reader

MANY = "|".join(workload.CATEGORIES)
PATTERNS = {
    "id": r"^\d+$",
    "hs_ticket_category": rf"^({MANY})(;({MANY}))*$",
    "invoice_no": r"^[A-Za-z0-9]{4,12}$",
}
CHOICES = {
    "hs_pipeline_stage": workload.STAGES,
    "hs_ticket_priority": workload.PRIORITIES,
    "hubspot_owner_id": workload.OWNERS,
}


Cells = set[tuple[int, int]]
Job = Callable[[Path], Cells]


def frictionless(order: dict[str, Any]) -> Job:
    """Frictionless validates against a table schema: types, enumerations, patterns."""
    from frictionless import Checklist, Detector, Resource, Schema

    is_text = order["file"].endswith(".csv")

    def one(name: str) -> dict[str, Any]:
        described: dict[str, Any] = {"name": name, "type": "string"}
        if name == "id":
            described |= {"type": "integer"}
        if name in PATTERNS and name != "id":
            described["constraints"] = {"pattern": PATTERNS[name]}
        if name in CHOICES:
            described["constraints"] = {"enum": list(CHOICES[name])}
        if name == "due_on":
            described |= {"type": "date", "format": workload.DATE_FORMAT}
        if name == "next_contact_at":
            described |= {"type": "datetime", "format": workload.TIME_FORMAT if is_text else "default"}
        if name == "effort_hours":
            described |= {"type": "number"}
        if name == "property_checkbox":
            described |= {"type": "boolean", "trueValues": ["TRUE"], "falseValues": ["FALSE"]}
        return described

    schema = Schema.from_descriptor({"fields": [one(name) for name in workload.HEADERS], "missingValues": [""]})

    def job(path: Path) -> Cells:
        resource = Resource(path=path.name, basepath=str(path.parent), schema=schema, detector=Detector())
        report = resource.validate(Checklist(), limit_errors=10**9)
        cells = report.flatten(["rowNumber", "fieldNumber"])
        return {(row, field - 1) for row, field in cells if row and field}

    return job


def great_expectations(_: dict[str, Any]) -> Job:
    """great_expectations: an expectation a rule on a pandas frame that holds every cell as text, blanks as null."""
    import great_expectations as gx
    import pandas as pd
    from great_expectations import expectations as gxe

    rules = [gxe.ExpectColumnValuesToMatchRegex(column=name, regex=pattern) for name, pattern in PATTERNS.items()]
    rules += [gxe.ExpectColumnValuesToBeInSet(column=name, value_set=list(some)) for name, some in CHOICES.items()]
    rules += [
        gxe.ExpectColumnValuesToMatchStrftimeFormat(column="due_on", strftime_format=workload.DATE_FORMAT),
        gxe.ExpectColumnValuesToMatchStrftimeFormat(column="next_contact_at", strftime_format=workload.TIME_FORMAT),
        gxe.ExpectColumnValuesToMatchRegex(column="effort_hours", regex=r"^-?\d+(\.\d+)?$"),
        gxe.ExpectColumnValuesToBeInSet(column="property_checkbox", value_set=["TRUE", "FALSE"]),
        gxe.ExpectColumnValueLengthsToBeBetween(column="content", max_value=65_536),
    ]
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_pandas("files").add_dataframe_asset("tickets")
    batch = asset.add_batch_definition_whole_dataframe("all")
    suite = gx.ExpectationSuite(name="tickets", expectations=rules)

    def job(file: Path) -> Cells:
        frame = pd.read_csv(file, dtype=str, keep_default_na=False, na_values=[""])
        result = batch.get_batch({"dataframe": frame}).validate(
            suite, result_format={"result_format": "COMPLETE", "return_unexpected_index_query": False}
        )
        found: Cells = set()
        for one in result.results:
            column = workload.HEADERS.index(one.expectation_config.kwargs["column"])
            found.update((row + 2, column) for row in one.result.get("unexpected_index_list") or ())
        return found

    return job


def django_import_export(order: dict[str, Any]) -> Job:  # noqa: C901 - one story
    """django-import-export's dry run with its defaults, into an empty table in memory; widgets judge the cells."""
    import django
    from django.conf import settings

    settings.configure(
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        INSTALLED_APPS=["import_export"],
        USE_TZ=False,
    )
    django.setup()
    import re

    import tablib
    from django.db import connection, models
    from import_export import fields, resources, widgets

    class OneOf(widgets.CharWidget):
        def __init__(self, some: tuple[str, ...]) -> None:
            super().__init__()
            self._some = frozenset(some)

        def clean(self, value, row=None, **more):
            if value and value not in self._some:
                raise ValueError(f"{value} is not an option")
            return super().clean(value, row, **more)

    class Matching(widgets.CharWidget):
        def __init__(self, pattern: str) -> None:
            super().__init__()
            self._pattern = re.compile(pattern)

        def clean(self, value, row=None, **more):
            if value and not self._pattern.match(value):
                raise ValueError(f"{value} does not fit")
            return super().clean(value, row, **more)

    class Ticket(models.Model):  # noqa: DJ008 - nobody prints one
        id = models.BigIntegerField(primary_key=True)
        due_on = models.DateField(null=True)
        next_contact_at = models.DateTimeField(null=True)
        effort_hours = models.DecimalField(null=True, max_digits=20, decimal_places=6)
        property_checkbox = models.BooleanField(null=True)
        for _name in ("subject", *CHOICES, "hs_ticket_category", "content", "invoice_no"):
            locals()[_name] = models.TextField(blank=True, default="")

        class Meta:
            app_label = "import_export"

    def field(name: str, widget: widgets.Widget) -> fields.Field:
        return fields.Field(attribute=name, column_name=name, widget=widget)

    class Tickets(resources.ModelResource):
        id = field("id", widgets.IntegerWidget(coerce_to_string=False))
        hs_pipeline_stage = field("hs_pipeline_stage", OneOf(CHOICES["hs_pipeline_stage"]))
        hs_ticket_priority = field("hs_ticket_priority", OneOf(CHOICES["hs_ticket_priority"]))
        hubspot_owner_id = field("hubspot_owner_id", OneOf(CHOICES["hubspot_owner_id"]))
        hs_ticket_category = field("hs_ticket_category", Matching(PATTERNS["hs_ticket_category"]))
        invoice_no = field("invoice_no", Matching(PATTERNS["invoice_no"]))
        due_on = field("due_on", widgets.DateWidget(workload.DATE_FORMAT))
        next_contact_at = field("next_contact_at", widgets.DateTimeWidget(workload.TIME_FORMAT))

        class Meta:
            model = Ticket
            fields = workload.HEADERS

    with connection.schema_editor() as editor:
        editor.create_model(Ticket)
    planted = dict(json.loads(Path(order["planted"]).read_text()))

    def job(file: Path) -> Cells:
        dataset = tablib.Dataset().load(file.read_text(encoding="utf-8"), format="csv")
        result = Tickets().import_data(dataset, dry_run=True, raise_errors=False)
        found: Cells = set()
        for row in result.invalid_rows:
            found.update((row.number + 1, workload.HEADERS.index(name)) for name in row.error.message_dict)
        for row in result.error_rows:  # the row fails as a whole, without the name of a column: taken for the right one
            found.add((row.number + 1, planted.get(row.number + 1, 0)))
        return found

    return job


CASES = {
    "frictionless": frictionless,
    "great_expectations": great_expectations,
    "django-import-export": django_import_export,
}


def main() -> None:
    order = json.loads(sys.argv[sys.argv.index("--case") + 1])
    print(json.dumps(run_reader(CASES[order["name"]](order), order)))


if __name__ == "__main__":
    main()
