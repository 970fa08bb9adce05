"""Assistants as code: YAML read into resources with the lines where each thing stands, and written back.

What a resource is made of, and how it comes into the database, is `cli.declaring`'s; this knows YAML alone.
"""

from opsloom_server.declarations.nearest import nearest
from opsloom_server.declarations.reading import Declared, Mistake, Mistakes, read_declarations
from opsloom_server.declarations.writing import write_declarations

__all__ = ["Declared", "Mistake", "Mistakes", "nearest", "read_declarations", "write_declarations"]
