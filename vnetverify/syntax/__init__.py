"""The `.vnet` language: texts become a network and its intents."""

from vnetverify.syntax.document import Document
from vnetverify.syntax.read import declared_vnets, read, read_text, resolve_expression, service_tags, tag_lists, uses

__all__ = [
    "Document",
    "declared_vnets",
    "read",
    "read_text",
    "resolve_expression",
    "service_tags",
    "tag_lists",
    "uses",
]
