"""A portal to check files against: the default properties, some of every type, two pipelines and a few owners."""

from dataclasses import replace
from functools import lru_cache

from schemas.property import Option, Owner, Pipeline, PortalSchema, Property, Rule, Stage
from schemas.saved import load_default_portal

CUSTOM = (
    Property("amount", "Amount", "number", "number"),
    Property("due_on", "Due on", "date", "date"),
    Property("starts_at", "Starts at", "datetime", "date"),
    Property("vip", "VIP", "bool", "booleancheckbox"),
    Property("code", "Code", "string", "text"),
    Property("external_ref", "External ref", "string", "text", unique=True),
    Property("other_ref", "Other ref", "number", "number", unique=True),
    Property(
        "region",
        "Region",
        "enumeration",
        "select",
        options=(Option("n1", "North"), Option("n2", "North"), Option("s", "South")),
    ),
    Property(
        "city", "City", "string", "text", rules=(Rule("MIN_LENGTH", ("3",)), Rule("ALPHANUMERIC", ("ALPHA_ONLY",)))
    ),
    Property("twin_a", "Twin", "string", "text"),
    Property("twin_b", "Twin", "string", "text"),
    Property("site", "Site", "string", "text", rules=(Rule("A_RULE_OF_TOMORROW"),)),
)


@lru_cache(maxsize=1)
def checked_portal() -> PortalSchema:
    """Return the portal; always the same object."""
    default = load_default_portal()
    return replace(
        default,
        properties={**default.properties, **{one.name: one for one in CUSTOM}},
        pipelines=(
            *default.pipelines,
            Pipeline("77", "Returns", (Stage("701", "New"), Stage("702", "Refund sent"))),
        ),
        owners=(Owner("11", "ana@example.com", "Ana", "Souza"), Owner("12", "ana.b@example.com", "Ana", "Souza")),
        owners_known=True,
        time_zone="America/New_York",
    )
