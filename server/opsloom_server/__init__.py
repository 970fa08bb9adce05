"""Opsloom's server: the only room that knows sockets, models and the database."""

__version__ = "0.1.0"
