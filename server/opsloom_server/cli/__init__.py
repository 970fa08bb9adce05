"""The command `opsloom`. Each command imports what it needs when it runs, so that `opsloom --help` is there at once."""


def main() -> None:
    """Run the command line."""
    from opsloom_server.cli.application import application

    application(prog_name="opsloom")


__all__ = ["main"]
