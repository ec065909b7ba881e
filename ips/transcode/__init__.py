"""Transcoding and translation of MyHealth@EU documents, as the national contact points do it."""

from ips.transcode.engine import Message, Transcoded, transcode
from ips.transcode.terminology import Terminology

__all__ = ["Message", "Terminology", "Transcoded", "transcode"]
