"""A few statements in RDF, written as Turtle or as JSON-LD: nodes with properties, texts and addresses.

Names are prefixed (`dct:title`), with the prefixes of `PREFIXES`. What is written here is small and of our own making;
a library for RDF would be the largest dependency of all that writes a catalogue.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import quote

PREFIXES = {
    "adms": "http://www.w3.org/ns/adms#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcatap": "http://data.europa.eu/r5r/",
    "dct": "http://purl.org/dc/terms/",
    "dpv": "https://w3id.org/dpv#",
    "duo": "http://purl.obolibrary.org/obo/DUO_",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "healthdcatap": "http://healthdataportal.eu/ns/health#",
    "odrl": "http://www.w3.org/ns/odrl/2/",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_UNSAFE = re.compile(r"[^\x21\x23-\x3b\x3d\x3f-\x5b\x5d\x5f\x61-\x7a\x7e]")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


@dataclass(frozen=True)
class Iri:
    """An address; what may not stand in one is written in percent."""

    value: str

    @property
    def safe(self) -> str:
        return _UNSAFE.sub(lambda found: quote(found.group()), self.value)


@dataclass(frozen=True)
class Text:
    """A literal, with the language it is in or the datatype it is of."""

    value: str
    language: str = ""
    datatype: str = ""


@dataclass(frozen=True)
class Node:
    """A thing of some types, and what is said of it; without an address it has no name of its own."""

    types: tuple[str, ...]
    says: Mapping[str, Iterable[Value]]
    address: Iri | None = None


Value: TypeAlias = Iri | Text | Node


def number(value: int) -> Text:
    return Text(str(value), datatype="xsd:nonNegativeInteger")


def to_turtle(nodes: Iterable[Node]) -> str:
    """`nodes`, each with an address, as Turtle."""
    lines = [f"@prefix {name}: <{address}> ." for name, address in PREFIXES.items()]
    for node in nodes:
        assert node.address is not None, "a node without an address stands inside another one"
        lines += ["", f"<{node.address.safe}> {_turtle_says(node, 1)} ."]
    return "\n".join(lines) + "\n"


def _turtle_says(node: Node, depth: int) -> str:
    pad = "\n" + "    " * depth
    said = [f"a {', '.join(node.types)}"] if node.types else []
    said += [
        f"{name} {', '.join(_turtle_value(value, depth) for value in values)}"
        for name, given in node.says.items()
        if (values := list(given))
    ]
    return f" ;{pad}".join(said)


def _turtle_value(value: Value, depth: int) -> str:
    if isinstance(value, Iri):
        return f"<{value.safe}>"
    if isinstance(value, Node):
        inside = _turtle_says(value, depth + 1)
        return f"<{value.address.safe}>" if value.address else f"[ {inside} ]"
    text = "".join(_ESCAPES.get(one, one if one >= " " else f"\\u{ord(one):04X}") for one in value.value)
    kind = f"@{value.language}" if value.language else f"^^{value.datatype}" if value.datatype else ""
    return f'"{text}"{kind}'


def to_jsonld(nodes: Iterable[Node]) -> str:
    """`nodes` as JSON-LD, the same statements."""
    graph = [_jsonld_node(node) for node in nodes]
    return json.dumps({"@context": PREFIXES, "@graph": graph}, ensure_ascii=False, indent=2) + "\n"


def _jsonld_node(node: Node) -> dict[str, Any]:
    said: dict[str, Any] = {"@id": node.address.safe} if node.address else {}
    if node.types:
        said["@type"] = list(node.types)
    for name, given in node.says.items():
        if values := [_jsonld_value(value) for value in given]:
            said[name] = values
    return said


def _jsonld_value(value: Value) -> Any:
    if isinstance(value, Iri):
        return {"@id": value.safe}
    if isinstance(value, Node):
        return {"@id": value.address.safe} if value.address else _jsonld_node(value)
    if value.language:
        return {"@value": value.value, "@language": value.language}
    return {"@value": value.value, "@type": value.datatype} if value.datatype else value.value
