"""Functions that write strings otherwise: base64, parts of addresses of the web, JSON."""

from __future__ import annotations

import base64
import binascii
from typing import Any
from urllib.parse import quote, unquote_plus, unquote_to_bytes, urljoin, urlsplit

from vnetverify.ingest.arm.functions.catalogue import Function, as_text, refused
from vnetverify.ingest.arm.functions.texts import json_function, text_of, value_of
from vnetverify.ingest.unknown import Unknown


def _base64(text: Any) -> str:
    return base64.b64encode(_bytes(as_text("base64", text))).decode("ascii")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _decoded(function: str, text: Any) -> str:
    try:
        return base64.b64decode(as_text(function, text), validate=True).decode("utf-8")
    except (binascii.Error, ValueError) as error:
        raise refused(function, "is given a string that is not base64 of a text in UTF-8") from error


def _base64_to_string(text: Any) -> str:
    return _decoded("base64ToString", text)


def _base64_to_json(text: Any) -> Any:
    return value_of("base64ToJson", _decoded("base64ToJson", text))


def _data_uri(value: Any) -> str | Unknown:
    text = text_of("dataUri", value)
    if isinstance(text, Unknown):
        return text
    kind = "text/plain" if value is None or isinstance(value, str) else "application/json"
    return f"data:{kind};charset=utf8;base64,{base64.b64encode(_bytes(text)).decode('ascii')}"


def _data_uri_to_string(address: Any) -> str:
    head, comma, content = as_text("dataUriToString", address).partition(",")
    if not comma or not head.lower().startswith("data:"):
        raise refused("dataUriToString", "is given a string that is not a data URI")
    if head.lower().endswith(";base64"):
        return _decoded("dataUriToString", content)
    try:
        return unquote_to_bytes(content.replace("+", " ")).decode("utf-8")
    except UnicodeDecodeError as error:
        raise refused("dataUriToString", "is given what is not text in UTF-8") from error


def _uri(base: Any, relative: Any) -> str:
    whole = as_text("uri", base)
    try:
        if not urlsplit(whole).scheme:
            raise refused("uri", "takes an absolute address as argument 1")
        return urljoin(whole, "" if relative is None else as_text("uri", relative, 2))
    except ValueError as error:
        raise refused("uri", "is given what is not an address") from error


def _uri_component(text: Any) -> str:
    return quote(_bytes(as_text("uriComponent", text)), safe="-_.~")


def _uri_component_to_string(text: Any) -> str:
    return unquote_plus(as_text("uriComponentToString", text))


ENCODINGS = (
    Function("base64", 1, 1, _base64),
    Function("base64ToJson", 1, 1, _base64_to_json),
    Function("base64ToString", 1, 1, _base64_to_string),
    Function("dataUri", 1, 1, _data_uri),
    Function("dataUriToString", 1, 1, _data_uri_to_string),
    Function("json", 1, 1, json_function),
    Function("uri", 2, 2, _uri),
    Function("uriComponent", 1, 1, _uri_component),
    Function("uriComponentToString", 1, 1, _uri_component_to_string),
)
