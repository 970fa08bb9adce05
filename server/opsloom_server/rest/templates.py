"""``assistants/templates``: ready-made assistants to start from."""

import asyncio
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from opsloom_server.declarations.templates import templates
from opsloom_server.rest.access import Admin

__all__ = ["router"]

router = APIRouter(prefix="/assistants/templates", tags=["assistants"])


class ResourceShown(BaseModel):
    """``kind`` is `assistant`, `knowledge_base` or `data_source`; ``fields`` are what it is made with, by the names
    that REST has for them. A data source names with ``url_from`` the environment variable of `opsloom apply`: ask for
    the address instead."""

    kind: str
    fields: dict[str, Any]


class TemplateShown(BaseModel):
    """``resources``: in the order in which they are made. ``yaml``: the same as a file for `opsloom apply`."""

    name: str
    title: str
    about: str
    resources: list[ResourceShown]
    yaml: str


class Templates(BaseModel):
    """The whole list; it is short."""

    items: list[TemplateShown]


@router.get("")
async def list_templates(_principal: Admin) -> Templates:
    """List ready-made assistants. Nothing is made by looking: post the resources one after the other."""
    return Templates(
        items=[
            TemplateShown(
                name=one.name,
                title=one.title,
                about=one.about,
                resources=[ResourceShown(kind=each.kind, fields=each.fields) for each in one.declared],
                yaml=one.yaml,
            )
            # The first one who asks has them read.
            for one in (await asyncio.to_thread(templates)).values()
        ]
    )
