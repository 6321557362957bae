"""The `.vnet` language: texts become a network and its intents."""

from vnetverify.syntax.document import Document
from vnetverify.syntax.read import read, read_text, resolve_expression, service_tags, uses

__all__ = ["Document", "read", "read_text", "resolve_expression", "service_tags", "uses"]
