"""Text without markup; also the last resort for everything that can be decoded."""

from __future__ import annotations

from opsloom_rag.loading.decoding import decode
from opsloom_rag.loading.loaded import Limits, Loaded, clean, stem


class PlainLoader:
    media_type = "text/plain"
    isolated_over = None

    def claims(self, data: bytes, name: str) -> bool:
        return True

    def load(self, data: bytes, name: str, limits: Limits) -> Loaded:
        return Loaded(title=stem(name), text=clean(decode(data)), media_type=self.media_type, markup="plain")
