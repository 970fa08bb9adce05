"""What can go wrong in retrieval, each with a code for programs and words for people.

RagError
├── LoadError          a document cannot be read (its owner can do something about it)
├── EmbedderMissing    the embedder's weights are not there; search is lexical alone
├── EmbedderDiffers    the knowledge base holds vectors of another embedder
├── EmbedderFailed     the embedder answered with something unusable
└── NoSuchBase         the knowledge base is not there (or belongs to somebody else)
    ├── NoSuchDocument     the document was removed while it was being read
    └── ExtensionBroken    an installed package promises a loader, embedder or store that cannot be imported
"""

from __future__ import annotations


class RagError(Exception):
    """The root: `code` never changes, `text` may be shown to the person who asked."""

    code = "rag_failed"

    def __init__(self, text: str, *, code: str | None = None) -> None:
        super().__init__(text)
        self.text = text
        if code is not None:
            self.code = code


class LoadError(RagError):
    """A document cannot be read.

    Codes: empty, binary, encoding, unsupported, broken, encrypted, no_text, too_large, too_long.
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text, code=code)


class EmbedderMissing(RagError):
    code = "embedder_missing"


class EmbedderDiffers(RagError):
    code = "embedder_differs"


class EmbedderFailed(RagError):
    code = "embedder_failed"


class NoSuchBase(RagError):
    code = "not_found"


class NoSuchDocument(RagError):
    code = "not_found"


class ExtensionBroken(RagError):
    code = "extension_broken"
