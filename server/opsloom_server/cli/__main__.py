"""`python -m opsloom_server.cli`."""

from opsloom_server.cli import main

main()
