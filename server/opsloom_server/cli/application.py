"""The commands, their options and their help."""

from pathlib import Path
from typing import Annotated

import typer

application = typer.Typer(
    name="opsloom",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="A self-hosted, real-time chat server for assistants.",
    epilog=(
        "[bold]First steps[/bold]\n\n"
        "opsloom serve                     start it, then open its address\n\n"
        "opsloom ask 'What is a block?'    ask the demo assistant\n\n"
        "opsloom doctor                    see what works on this machine\n\n"
        "Settings are environment variables: DATABASE_URL, HOST, PORT, OPSLOOM_DATA_DIR, OPSLOOM_MODEL, OPENAI_API_KEY"
    ),
)
keys = typer.Typer(no_args_is_help=True, help="API keys, for programs.")
users = typer.Typer(no_args_is_help=True, help="People who sign in.")
application.add_typer(keys, name="key")
application.add_typer(users, name="user")
new = typer.Typer(no_args_is_help=True, help="Write the beginning of an extension of your own.")
application.add_typer(new, name="new")

Url = Annotated[
    str | None,
    typer.Option("--url", envvar="OPSLOOM_URL", help="The server's address; by default http://127.0.0.1:$PORT."),
]
Key = Annotated[
    str | None,
    typer.Option("--key", envvar="OPSLOOM_KEY", help="An API key; without it you are a visitor of a public assistant."),
]
Assistant = Annotated[str, typer.Option("--assistant", "-a", help="The assistant's slug.")]


def _example(*lines: str) -> str:
    return "[bold]Examples[/bold]\n\n" + "\n\n".join(lines)


@application.callback(invoke_without_command=True)
def start(
    version: Annotated[bool, typer.Option("--version", help="Say the version and end.", is_eager=True)] = False,
) -> None:
    if version:
        from opsloom_server import __version__

        typer.echo(f"opsloom {__version__}")
        raise typer.Exit


@application.command(
    epilog=_example(
        "opsloom serve",
        "opsloom serve --host 0.0.0.0 --port 9000",
        "DATABASE_URL=postgresql://me:secret@db/opsloom OPENAI_API_KEY=sk-… opsloom serve",
    )
)
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on (HOST; 127.0.0.1).")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on (PORT; 8000).")] = None,
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "info",
) -> None:
    """Start the server.

    It prints its address, and on the first start a one-time link that signs you in as the owner. Without DATABASE_URL
    it brings its own PostgreSQL, with the data under OPSLOOM_DATA_DIR.
    """
    from opsloom_server.cli.serving import serve_command

    serve_command(host, port, log_level)


@application.command()
def migrate() -> None:
    """Bring the database to this version's tables. `serve` does the same at its start."""
    from opsloom_server.cli.keeping import migrate_command

    migrate_command()


@application.command(
    epilog=_example(
        "opsloom ask 'What is a block?'",
        "opsloom ask --assistant support --key opsk_… 'Where is my order?'",
        "cat report.md | opsloom ask 'Sum this up:' -",
    )
)
def ask(
    words: Annotated[list[str], typer.Argument(help="The question; a single - stands for standard input.")],
    url: Url = None,
    key: Key = None,
    assistant: Assistant = "demo",
) -> None:
    """Ask one question and print the answer as it comes."""
    from opsloom_server.cli.talking import ask_command

    ask_command(words, url, key, assistant)


@application.command(epilog=_example("opsloom chat", "opsloom chat --url https://chat.example.org --key opsk_…"))
def chat(
    url: Url = None,
    key: Key = None,
    assistant: Assistant = "demo",
    draft: Annotated[bool, typer.Option("--draft", help="Try the assistant's draft; with an admin's key.")] = False,
) -> None:
    """Talk to an assistant in the terminal."""
    from opsloom_server.cli.talking import chat_command

    chat_command(url, key, assistant, draft=draft)


@application.command(
    epilog=_example(
        "opsloom ingest handbook.pdf --knowledge-base handbook", "opsloom ingest docs/ --knowledge-base docs"
    )
)
def ingest(
    path: Annotated[Path, typer.Argument(help="A file, or a folder with files: Markdown, text, HTML, PDF.")],
    knowledge_base: Annotated[
        str, typer.Option("--knowledge-base", "-k", help="Name of the knowledge base; made where there is none.")
    ],
) -> None:
    """Put documents into a knowledge base. A file that was there before is replaced."""
    from opsloom_server.cli.ingesting import ingest_command

    ingest_command(path, knowledge_base)


@application.command(
    epilog=_example(
        "opsloom apply assistants/",
        "opsloom apply support.yaml --dry-run",
        "opsloom apply assistants/ --yes        in a pipeline",
        "opsloom apply --template support",
    )
)
def apply(
    paths: Annotated[list[Path] | None, typer.Argument(help="YAML files, or folders with *.yaml in them.")] = None,
    template: Annotated[
        str | None, typer.Option("--template", "-t", help="A ready-made one instead; `opsloom templates` lists them.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before.")] = False,
) -> None:
    """Make assistants, knowledge bases and data sources as files say.

    What differs is shown before. What is so already is left alone: applying twice changes nothing the second time.
    Works on the database, beside a running server or without; what changed holds from the next message on.
    """
    from opsloom_server.cli.declaring import apply_command

    apply_command(paths or [], template, dry_run=dry_run, yes=yes)


@application.command(epilog=_example("opsloom templates", "opsloom templates support > support.yaml"))
def templates(
    name: Annotated[str | None, typer.Argument(help="Print this one's file; without it, list them.")] = None,
) -> None:
    """Ready-made assistants to start from."""
    from opsloom_server.cli.declaring import templates_command

    templates_command(name)


@application.command(
    epilog=_example("opsloom export", "opsloom export support --to assistants/", "opsloom export --to backup/")
)
def export(
    slugs: Annotated[
        list[str] | None, typer.Argument(help="Assistants by slug, with what they use; all if none is named.")
    ] = None,
    to: Annotated[Path | None, typer.Option(help="A folder; without it, everything goes to standard output.")] = None,
) -> None:
    """Write assistants, knowledge bases and data sources as the files that `apply` takes.

    Documents and addresses of databases are not in them.
    """
    from opsloom_server.cli.declaring import export_command

    export_command(slugs or [], to)


@application.command(epilog=_example("opsloom versions support"))
def versions(slug: Annotated[str, typer.Argument(help="The assistant's slug.")]) -> None:
    """List what an assistant was, newest first, and what each version changed."""
    from opsloom_server.cli.versions import versions_command

    versions_command(slug)


@application.command(epilog=_example("opsloom restore support 3"))
def restore(
    slug: Annotated[str, typer.Argument(help="The assistant's slug.")],
    version: Annotated[int, typer.Argument(min=1, help="The version's number, as `opsloom versions` shows it.")],
) -> None:
    """Make an assistant as it was: a new version that is equal to an old one."""
    from opsloom_server.cli.versions import restore_command

    restore_command(slug, version)


@application.command(
    epilog=_example("opsloom doctor", "opsloom doctor --online", 'psql "$(opsloom doctor --dsn | tail -1)"')
)
def doctor(
    dsn: Annotated[
        bool,
        typer.Option("--dsn", help="Print the address of the database in use, with its password, last."),
    ] = False,
    online: Annotated[
        bool,
        typer.Option("--online", help="Ask each model provider that is set up for its models; costs nothing."),
    ] = False,
) -> None:
    """Look at this machine and the settings: what works, what does not, and what to do about it."""
    from opsloom_server.cli.doctor import doctor_command

    doctor_command(dsn=dsn, online=online)


@application.command(name="setup-model")
def setup_model() -> None:
    """Fetch the model that finds passages by meaning (83 MB), where the installation came without it."""
    from opsloom_server.cli.weights import setup_model_command

    setup_model_command()


@keys.command(name="create", epilog=_example("opsloom key create ci --role owner", "KEY=$(opsloom key create ci)"))
def create_key(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    role: Annotated[str, typer.Option(help="owner, admin or member.")] = "member",
) -> None:
    """Make an API key and print it, alone, on standard output. It is shown this once."""
    from opsloom_server.cli.keeping import create_key_command

    create_key_command(name, role)


@keys.command(name="list")
def list_keys() -> None:
    """List the API keys, without their secrets."""
    from opsloom_server.cli.keeping import list_keys_command

    list_keys_command()


@keys.command(name="revoke")
def revoke_key(key: Annotated[str, typer.Argument(help="The key's id, as `opsloom key list` shows it.")]) -> None:
    """Take an API key back, at once."""
    from opsloom_server.cli.keeping import revoke_key_command

    revoke_key_command(key)


@users.command(name="list")
def list_users() -> None:
    """List the people and programs of the workspace; visitors are only counted."""
    from opsloom_server.cli.keeping import list_users_command

    list_users_command()


@users.command(name="link")
def owner_link() -> None:
    """Make a one-time link that signs the first owner in; the server need not be restarted for it."""
    from opsloom_server.cli.keeping import owner_link_command

    owner_link_command()


@new.command(
    name="block",
    epilog=_example(
        "opsloom new block weather",
        "opsloom new block price_list --folder /srv/extensions",
        "opsloom new block facts --drawn",
    ),
)
def new_block(
    name: Annotated[str, typer.Argument(help="The kind's name: lower-case letters, digits and _.")],
    folder: Annotated[
        Path | None, typer.Option(help="The folder of extensions (OPSLOOM_EXTENSIONS; ./extensions).")
    ] = None,
    drawn: Annotated[
        bool, typer.Option("--drawn", help="Without a browser module: another kind, such as a card, draws it.")
    ] = False,
) -> None:
    """Write a new kind of block: its Python, its browser module and a test. Nothing is overwritten."""
    from opsloom_server.cli.beginning import new_block_command

    new_block_command(name, folder, drawn=drawn)


@new.command(
    name="tool",
    epilog=_example(
        "opsloom new tool stock_level",
        "opsloom new tool send_invoice --folder /srv/extensions",
    ),
)
def new_tool(
    name: Annotated[str, typer.Argument(help="The tool's name: lower-case letters, digits and _.")],
    folder: Annotated[
        Path | None, typer.Option(help="The folder of extensions (OPSLOOM_EXTENSIONS; ./extensions).")
    ] = None,
) -> None:
    """Write a new tool and a test of it. Nothing is overwritten. What only calls a service needs no code:
    POST /api/v1/tools."""
    from opsloom_server.cli.beginning import new_tool_command

    new_tool_command(name, folder)
