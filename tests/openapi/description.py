"""The description of the portal's endpoints, and judging traffic by it.

Requests and answers are held to it more strictly than a client may hold the real portal: a field that is not described
is a fault here, but for the one that the sandbox adds on purpose.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

PATH = Path(__file__).parents[2] / "docs" / "portal-api.openapi.json"
FUTURE_FIELD = "futureField"
_URI = "urn:portal-api"


@dataclass(frozen=True)
class Exchange:
    """One request and its answer, as they went over the wire. Header names are in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    status: int
    answer_headers: dict[str, str]
    answer: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    def __str__(self) -> str:
        return f"{self.method} {self.target} -> {self.status}"


class Description:
    """The description, with every object closed."""

    def __init__(self) -> None:
        self.content = json.loads(PATH.read_text("utf-8"))
        closed = {**self.content, "components": _closed(self.content["components"])}
        self._registry = Registry().with_resource(_URI, DRAFT202012.create_resource(closed))

    def resolve(self, node):
        """Return what a node refers to, or the node itself."""
        while "$ref" in node:
            found = self.content
            for part in node["$ref"].removeprefix("#/").split("/"):
                found = found[part.replace("~1", "/").replace("~0", "~")]
            node = found
        return node

    def operations(self):
        """Yield (method, path, operation with its parameters) of everything described."""
        for path, item in self.content["paths"].items():
            found = self.resolve(item)
            for method in ("get", "post", "patch", "put", "delete"):
                if method in found:
                    parameters = [*found.get("parameters", []), *found[method].get("parameters", [])]
                    yield method.upper(), path, {**found[method], "parameters": parameters}

    def operation(self, method, path):
        """Return (template, operation) of a call; of several that fit, the one with the most fixed text."""
        fitting = [
            (template, operation)
            for verb, template, operation in self.operations()
            if verb == method and re.fullmatch(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template)), path)
        ]
        return min(fitting, key=lambda one: one[0].count("{"), default=(None, None))

    def faults(self, pointer, value):
        """Return what is wrong with a value, by the schema at a pointer such as `#/components/schemas/Ticket`."""
        validator = Draft202012Validator({"$ref": f"{_URI}{pointer}"}, registry=self._registry)
        return [f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(value)]

    def faults_of_request(self, exchange):
        """Return how a request departs from the description."""
        template, operation = self.operation(exchange.method, exchange.path)
        if operation is None:
            return ["this endpoint is not described"]
        found = []
        known = {one["name"]: one["schema"] for one in operation["parameters"] if one["in"] == "query"}
        for name, text in exchange.query.items():
            if name not in known:
                found.append(f"query parameter {name} is not described")
            elif errors := self.faults_of_schema(known[name], _read(text, known[name])):
                found.append(f"query parameter {name}: {errors}")
        if not exchange.headers.get("authorization", "").startswith("Bearer "):
            found.append("no bearer token")
        if "requestBody" in operation:
            if exchange.headers.get("content-type") != "application/json":
                found.append("the body is not announced as JSON")
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            found += self.faults(schema["$ref"], json.loads(exchange.body))
        elif exchange.body:
            found.append(f"{template} takes no body")
        return found

    def faults_of_answer(self, exchange):
        """Return how an answer departs from the description."""
        _, operation = self.operation(exchange.method, exchange.path)
        if operation is None:
            return ["this endpoint is not described"]
        responses = operation["responses"]
        response = responses.get(str(exchange.status)) or responses.get(f"{exchange.status // 100}XX")
        if response is None:
            return [f"status {exchange.status} is not described"]
        response = self.resolve(response)
        media, _, _ = exchange.answer_headers.get("content-type", "").partition(";")
        content = response.get("content", {})
        if not content:
            return [] if not exchange.answer else ["a body is not described"]
        if media not in content:
            return [f"{media or 'no media type'} is not described"]
        found = []
        for name, header in response.get("headers", {}).items():
            value = exchange.answer_headers.get(name.lower())
            required = name.startswith("X-HubSpot-RateLimit")
            if value is None and required:
                found.append(f"{name} is missing")
            elif value is not None and (errors := self.faults_of_schema(self.resolve(header)["schema"], value)):
                found.append(f"{name}: {errors}")
        if media == "application/json":
            found += self.faults(content[media]["schema"]["$ref"], without_future(json.loads(exchange.answer)))
        return found

    def faults_of_schema(self, schema, value):
        return [
            error.message[:300] for error in Draft202012Validator(schema, registry=self._registry).iter_errors(value)
        ]


def without_future(value):
    """Return an answer without the field that the sandbox adds to keep clients honest."""
    if isinstance(value, dict):
        return {name: without_future(one) for name, one in value.items() if name != FUTURE_FIELD}
    return [without_future(one) for one in value] if isinstance(value, list) else value


def _read(text, schema):
    """Return a query parameter as the JSON value that its schema is about."""
    if schema.get("type") == "integer" and text.lstrip("-").isdigit():
        return int(text)
    if schema.get("type") == "boolean":
        return {"true": True, "false": False}.get(text, text)
    return text


def _closed(node):
    """Return schemas in which no object has fields but those named."""
    if isinstance(node, list):
        return [_closed(one) for one in node]
    if not isinstance(node, dict):
        return node
    found = {name: _closed(one) for name, one in node.items()}
    if isinstance(node.get("properties"), dict) and node.get("type") == "object":
        found.setdefault("additionalProperties", False)
    return found
