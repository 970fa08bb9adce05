"""A block that builds up on the screen while the model still writes its data.

`plan` says, from the types of a kind's struct, what of a value may be seen half; `reading` follows the JSON as it
comes in pieces and gives each new bit once, as a change of what was there; `block` says from when there is a block at
all, and what stays of it when it is whole, refused or broken off.
"""

from opsloom_blocks.growing.block import GrowingBlock, as_left, grown, said

__all__ = ["GrowingBlock", "as_left", "grown", "said"]
