"""The conversations that every client must follow: the source of `protocol/fixtures`."""

from protocol.conversations.answers import ANSWERS
from protocol.conversations.blocks import BLOCKS
from protocol.conversations.recovery import RECOVERY
from protocol.conversations.shapes import Conversation
from protocol.conversations.tree import TREE

CONVERSATIONS: tuple[Conversation, ...] = (*ANSWERS, *BLOCKS, *TREE, *RECOVERY)
