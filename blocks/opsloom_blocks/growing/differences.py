"""What turns one plain value into another, as few changes as there are differences."""

from typing import Any

from opsloom_protocol.messages import PatchOp


def differences(old: Any, new: Any, path: str = "") -> list[PatchOp]:
    """The ops that make `new` of `old`."""
    if isinstance(old, dict) and isinstance(new, dict):
        found = [PatchOp(op="remove", path=f"{path}/{_step(key)}") for key in old if key not in new]
        for key, value in new.items():
            if key not in old:
                found.append(PatchOp(op="set", path=f"{path}/{_step(key)}", value=value))
            elif old[key] != value:
                found += differences(old[key], value, f"{path}/{_step(key)}")
        return found
    if isinstance(old, list) and isinstance(new, list) and len(old) <= len(new):
        found = []
        for at, value in enumerate(new[: len(old)]):
            if old[at] != value:
                found += differences(old[at], value, f"{path}/{at}")
        more = new[len(old) :]
        return [*found, PatchOp(op="append", path=path, value=more)] if more else found
    if isinstance(old, str) and isinstance(new, str) and old and new.startswith(old):
        return [PatchOp(op="append", path=path, value=new[len(old) :])] if new != old else []
    return [] if old == new else [PatchOp(op="set", path=path, value=new)]


def _step(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
