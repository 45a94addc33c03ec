"""XMP packets as plain values: the part of RDF/XML that XMP uses (ISO 16684-1), from strangers and within bounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from xml.etree.ElementTree import Element, ParseError  # only the types: the parser is defusedxml's

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from untag.errors import ReadFailure
from untag.types import Outcome

MOST_BYTES = 1024 * 1024
"""Of one packet. In a JPEG it has at most 64 KiB; a thousand regions take about 500 KiB."""

_DEEPEST = 40
"""A person's region lies eight elements below the packet's own."""

UTF_16 = (b"\xff\xfe", b"\xfe\xff")
"""The byte order marks that a document in UTF-16 begins with."""

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_XML = "{http://www.w3.org/XML/1998/namespace}"
_DESCRIPTION = f"{_RDF}Description"
_LISTS = frozenset(f"{_RDF}{kind}" for kind in ("Bag", "Seq", "Alt"))

Value = str | list["Value"] | dict[str, "Value"]
"""A text, an array, or a structure whose keys are the names of its fields without their namespaces."""


def parse_xml(data: bytes | str) -> Element:
    """The root of an XML document without document types and entities. Raises ReadFailure(BROKEN or TOO_LARGE)."""
    if len(data) > MOST_BYTES:
        raise ReadFailure(Outcome.TOO_LARGE, f"it has more than {MOST_BYTES:,} bytes of metadata")
    if isinstance(data, bytes) and not data.startswith(UTF_16):
        data = data.strip(b"\0 \t\r\n")  # some programs end a packet with a zero
    try:
        root: Element = fromstring(data, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError, RecursionError) as error:
        # A ValueError or LookupError is an encoding that it claims and does not have, or that there is not.
        raise ReadFailure(Outcome.BROKEN, "it is not valid XML") from error
    return root


def parse_xmp(packet: bytes | str) -> list[tuple[str, str, Value]]:
    """The properties in an XMP packet: the namespace without its last slash or #, the name, and the value of each.

    A property counts whether it was written as an attribute or as an element. Raises ReadFailure as `parse_xml` does.
    """
    found: list[tuple[str, str, Value]] = []
    for description in _descriptions(parse_xml(packet)):
        found += [(*_split(key), value) for key, value in description.attrib.items() if _is_field(key)]
        found += [(*_split(child.tag), _value(child, 0)) for child in description]
    return found


def field(value: Value | None, name: str) -> Value | None:
    """One field of a structure; None where there is none, or no structure."""
    return value.get(name) if isinstance(value, Mapping) else None


def items(value: Value | None) -> list[Value]:
    """An array's items; one value that was written without its array counts as one of it."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def text(value: Value | None) -> str:
    """A text; that of the first language where it has several."""
    if isinstance(value, list):
        value = value[0] if value else ""
    return value.strip() if isinstance(value, str) else ""


def _descriptions(root: Element) -> Iterator[Element]:
    """The descriptions of the picture, directly within rdf:RDF, which is the root or lies directly in it."""
    for holder in (root, *root):
        if holder.tag == f"{_RDF}RDF":
            yield from (child for child in holder if child.tag == _DESCRIPTION)


def _value(element: Element, depth: int) -> Value:
    """The value of a property, or of an item of an array."""
    if depth > _DEEPEST:
        return ""
    for child in element:
        if child.tag in _LISTS:
            return [_value(item, depth + 1) for item in child if item.tag == f"{_RDF}li"]
    fields = _fields(element, depth)
    for child in element:
        if child.tag == _DESCRIPTION:
            fields |= _fields(child, depth + 1)
    if f"{_RDF}value" in fields:  # what has qualifiers says its value so
        return fields[f"{_RDF}value"]
    return fields or (element.text or "").strip()


def _fields(element: Element, depth: int) -> dict[str, Value]:
    found: dict[str, Value] = {_local(key): value for key, value in element.attrib.items() if _is_field(key)}
    for child in element:
        if child.tag != _DESCRIPTION:
            found[child.tag if child.tag == f"{_RDF}value" else _local(child.tag)] = _value(child, depth + 1)
    return found


def _is_field(key: str) -> bool:
    return key.startswith("{") and not key.startswith((_RDF, _XML))


def _split(tag: str) -> tuple[str, str]:
    namespace, _, name = tag.removeprefix("{").rpartition("}")
    return namespace.rstrip("/#"), name


def _local(tag: str) -> str:
    return _split(tag)[1]
