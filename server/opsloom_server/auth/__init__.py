"""Who is asking, and how they prove it."""

from opsloom_server.auth.principal import Kind, Principal, Role, narrower

__all__ = ["Kind", "Principal", "Role", "narrower"]
