"""A conversation as Markdown, to read or to keep. Pure."""

from collections.abc import Iterable

from opsloom_protocol.messages import BlockPart, FilePart, Message, SourcePart, TextPart

__all__ = ["transcript"]


def transcript(title: str | None, messages: Iterable[Message]) -> str:
    """Write who said what; blocks as their fallback text, sources as a numbered list under their answer."""
    written = [f"# {title or 'Conversation'}"]
    for message in messages:
        name = message.author.name if message.author else ("You" if message.role == "user" else "Assistant")
        written.append(f"## {name} ({message.created_at})")
        sources = []
        for part in message.parts:
            match part:
                case TextPart(text=text):
                    written.append(text)
                case BlockPart(block=block):
                    written.append(block.fallback)
                case FilePart(file=file):
                    written.append(f"[{file.name}]")
                case SourcePart(source=source):
                    page = f", p. {source.page}" if source.page else ""
                    sources.append(f"{source.number}. {source.title}{page}: “{source.quote}”")
                case _:
                    pass
        if sources:
            written.append("\n".join(sources))
        if message.error:
            written.append(f"*{message.error.text}*")
    return "\n\n".join(written) + "\n"
