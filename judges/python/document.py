"""OpenAPI documents as they lie on the disk, with references followed by hand."""

import json
import re
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import yaml
from openapi_schema_validator import OAS30ReadValidator, OAS31Validator, oas30_format_checker, oas31_format_checker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4, DRAFT202012

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


class Loader(yaml.CSafeLoader):
    """YAML as JSON has it: a date stays the text that it is."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:value")]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def text_keys(node):
    if isinstance(node, dict):
        return {str(key): text_keys(value) for key, value in node.items()}
    return [text_keys(item) for item in node] if isinstance(node, list) else node


def as_30_has_it(node):
    """OpenAPI 3.0: what stands beside a reference is ignored."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            return {"$ref": node["$ref"]}
        return {key: as_30_has_it(value) for key, value in node.items()}
    return [as_30_has_it(item) for item in node] if isinstance(node, list) else node


def write_only(node):
    """The names of all properties that only requests have."""
    if isinstance(node, list):
        return set().union(*map(write_only, node))
    if not isinstance(node, dict):
        return set()
    properties = node.get("properties")
    named = properties.items() if isinstance(properties, dict) else ()
    own = {name for name, schema in named if isinstance(schema, dict) and schema.get("writeOnly") is True}
    return own.union(*map(write_only, node.values()))


class Document:
    def __init__(self, path):
        self.uri = Path(path).resolve().as_uri()
        self.files = {}
        self.old = False
        self.old = str(self.file(self.uri).get("openapi", "")).startswith("3.0")
        self.files.clear()
        self.specification = DRAFT4 if self.old else DRAFT202012
        self.validator = OAS30ReadValidator if self.old else OAS31Validator
        self.formats = oas30_format_checker if self.old else oas31_format_checker
        self.registry = Registry(retrieve=lambda uri: Resource(self.file(uri), self.specification))

    def file(self, uri):
        if uri not in self.files:
            text = Path(unquote(urlsplit(uri).path)).read_text(encoding="utf-8")
            parsed = json.loads(text) if text.lstrip().startswith("{") else yaml.load(text, Loader)
            self.files[uri] = as_30_has_it(text_keys(parsed)) if self.old else text_keys(parsed)
        return self.files[uri]

    def at(self, uri):
        """The node that `uri` names, references followed, and the URI where it really is."""
        for _ in range(20):
            base, _, pointer = uri.partition("#")
            uri = f"{base}#{pointer}"
            node = self.file(base)
            for step in filter(None, pointer.split("/")):
                step = unquote(step).replace("~1", "/").replace("~0", "~")
                node = node[int(step)] if isinstance(node, list) else node[step]
            if not (isinstance(node, dict) and isinstance(node.get("$ref"), str)):
                return uri, node
            uri = urljoin(base, node["$ref"]) if not node["$ref"].startswith("#") else base + node["$ref"]
        raise LookupError(uri)

    def below(self, uri, step):
        """The URI of a member of the node at `uri`, which is where it really is."""
        step = str(step).replace("~", "~0").replace("/", "~1").replace("%", "%25")
        return self.at(f"{uri}/{step}")

    def operations(self):
        """Each operation: method, template, and the URI where it is."""
        try:
            paths, nodes = self.below(self.uri + "#", "paths")
        except (KeyError, LookupError):
            return
        for template in nodes or {}:
            if template.startswith("x-"):
                continue
            try:
                place, item = self.below(paths, template)
            except (KeyError, LookupError, OSError):
                continue
            for method in METHODS:
                if isinstance(item.get(method), dict):
                    yield method.upper(), template, f"{place}/{method}"

    def errors(self, uri, value):
        """What the schema at `uri` has against the value."""
        schema = {"$ref": uri}
        judge = self.validator(schema, registry=self.registry, format_checker=self.formats)
        return [
            f"at {error.json_path}, {error.validator}: {error.message[-200:]}"
            for error in judge.iter_errors(value)
            if not self.is_no_fault(error)
        ]

    def is_no_fault(self, error):
        """What only requests have may be missing from an answer, though `required`; an item is no property."""
        if error.validator == "required":
            names = set().union(*map(write_only, self.files.values()))
            return any(error.message.startswith(repr(name)) for name in names)
        # A discriminator without a mapping, whose values are no names of schemas, is a fault of the document.
        if error.message.endswith("could not be resolved"):
            return True
        return error.validator == "writeOnly" and error.path and isinstance(error.path[-1], int)


def shape(template):
    """The template without the names of its parameters: two that are alike are one."""
    return re.sub(r"\{[^}]*\}", "{}", template)


def fill(template):
    """A path for the template: any value does where requests are not validated."""
    return re.sub(r"\{[^}]*\}", "1", template)
