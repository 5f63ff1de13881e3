"""The description is whole in itself: every reference leads somewhere, every schema is one."""

import re

from jsonschema import Draft202012Validator


def nodes(value):
    yield value
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from nodes(child)


def test_every_reference_leads_somewhere_and_everything_is_referred_to(description):
    content = description.content
    referred = {node["$ref"] for node in nodes(content) if isinstance(node, dict) and "$ref" in node}

    for reference in referred:
        assert description.resolve({"$ref": reference})
    described = {f"#/components/{kind}/{name}" for kind, parts in content["components"].items() for name in parts}
    assert {one for one in described - referred if "securitySchemes" not in one} == set()


def test_every_schema_is_one(description):
    for schema in description.content["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_required_field_is_described(description):
    for node in nodes(description.content["components"]):
        if isinstance(node, dict) and "required" in node and "properties" in node:
            assert set(node["required"]) <= node["properties"].keys()


def test_every_version_has_the_same_endpoints(description):
    """v3 and the dated versions differ in where the version stands."""
    families = {}
    for path, item in description.content["paths"].items():
        version = re.search(r"v3|202[56]-0[39]", path)[0]
        families.setdefault(version, {})[path.replace(f"/{version}", "")] = item["$ref"]

    assert families.keys() == {"v3", "2025-09", "2026-03", "2026-09"}
    assert all(family == families["v3"] for family in families.values())


def test_every_operation_has_a_name_of_its_own_and_a_success(description):
    names = {}
    for method, path, operation in description.operations():
        names.setdefault(operation["operationId"], set()).add((method, re.sub(r"/(v3|202[56]-0[39])", "", path)))
        assert "200" in operation["responses"]
        assert [one for one in operation["parameters"] if one["in"] == "path"] or "{" not in path

    assert all(len(places) == 1 for places in names.values())
