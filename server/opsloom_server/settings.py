"""The environment, read once, frozen.

`Settings.from_env()` is called by the composition root and the commands; everything else is handed the value.
"""

import json
import re
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from opsloom_server.errors import StartupError

_ORIGIN: Final = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?")


def _plain(name: str, default: Any = None, **more: Any) -> Any:
    """A field that is read from exactly one environment variable, whatever the class's prefix."""
    return Field(default=default, validation_alias=AliasChoices(name, name.lower()), **more)


class Limits(BaseSettings):
    """`OPSLOOM_LIMIT_*`; 0 turns a limit off."""

    model_config = SettingsConfigDict(env_prefix="OPSLOOM_LIMIT_", frozen=True, extra="ignore")

    frame_bytes: int = Field(262_144, ge=0, description="Largest message on the socket, bytes")
    message_chars: int = Field(32_768, ge=0, description="Longest text of a message, characters")
    messages_per_minute: int = Field(20, ge=0, description="Messages a minute and user")
    running_turns: int = Field(2, ge=0, description="Turns at once a user")
    connections: int = Field(20, ge=0, description="Open sockets a user")
    connects_per_second: int = Field(10, ge=0, description="New sockets a second and address")
    visitors_per_minute: int = Field(120, ge=0, description="New visitors (tickets without credentials) an address")
    logins_per_minute: int = Field(10, ge=0, description="Attempts to sign in an address")
    control_frames_per_second: int = Field(20, ge=0, description="Pings a second and socket")
    fragments: int = Field(64, ge=0, description="Fragments of one message")
    upload_bytes: int = Field(20_971_520, ge=0, description="Largest upload, bytes")
    user_files_bytes: int = Field(1_073_741_824, ge=0, description="Uploaded files of a user together, bytes")
    visitor_files_bytes: int = Field(52_428_800, ge=0, description="Uploaded files of a visitor together, bytes")
    query_seconds: float = Field(5, ge=0, description="Longest query of a data source, seconds")
    query_cost: float = Field(1_000_000, ge=0, description="Costliest query of a data source, the planner's units")
    body_bytes_per_second: int = Field(500, ge=0, description="Slowest body of a request, bytes a second")
    turn_tokens: int = Field(0, ge=0, description="Tokens of one answer, what is read and what is written")
    turn_money: float = Field(0, ge=0, description="Cost of one answer, US dollars")
    user_tokens_per_day: int = Field(0, ge=0, description="Tokens a user and day (UTC)")
    user_money_per_day: float = Field(0, ge=0, description="Cost a user and day, US dollars")
    workspace_tokens_per_day: int = Field(0, ge=0, description="Tokens of all users of a workspace a day")
    workspace_money_per_day: float = Field(0, ge=0, description="Cost of all users of a workspace a day, US dollars")
    workspace_tokens_per_month: int = Field(0, ge=0, description="Tokens of all users of a workspace a month")
    workspace_money_per_month: float = Field(0, ge=0, description="Cost of all users a month, US dollars")


class ModelPrice(BaseModel):
    """What an owner says that a model costs: US dollars a million tokens. `cached`: input that the vendor kept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    input: float = Field(ge=0)
    output: float = Field(ge=0)
    cached: float | None = Field(None, ge=0)


class Settings(BaseSettings):
    """Everything the environment decides. Secrets are `SecretStr`, so that no log prints them."""

    model_config = SettingsConfigDict(env_prefix="OPSLOOM_", frozen=True, extra="ignore", env_ignore_empty=True)

    database_url: SecretStr | None = _plain("DATABASE_URL")
    redis_url: SecretStr | None = _plain("REDIS_URL")
    host: str = _plain("HOST", "127.0.0.1")
    port: int = _plain("PORT", 8000, ge=0, le=65535)

    public_url: str | None = None
    data_dir: Path | None = None
    secret: SecretStr | None = None
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()
    model: str | None = None
    prices: Annotated[dict[str, ModelPrice], NoDecode] = Field(default_factory=dict)
    embedder: str = "all-MiniLM-L6-v2"
    fetch_networks: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = ()
    app_origins: Annotated[tuple[str, ...], NoDecode] = ()
    mcp_commands: Annotated[tuple[str, ...], NoDecode] = ()
    extensions: Path | None = None
    sqlite_folders: Annotated[tuple[Path, ...], NoDecode] = ()
    lease_seconds: float = Field(10.0, ge=0.5, description="How long a silent node keeps its turns; renewed at 3/10")
    approval_seconds: float = Field(
        600.0, ge=0, description="How long an approval of a tool can be given; 0 = for ever"
    )
    demo_words_per_second: float = Field(60.0, ge=0, description="Pace of the demo model's answers; 0 = at once")

    openai_api_key: SecretStr | None = _plain("OPENAI_API_KEY")
    openai_base_url: str | None = _plain("OPENAI_BASE_URL")
    anthropic_api_key: SecretStr | None = _plain("ANTHROPIC_API_KEY")
    anthropic_base_url: str | None = _plain("ANTHROPIC_BASE_URL")
    ollama_base_url: str | None = _plain("OLLAMA_BASE_URL")
    aws_region: str | None = Field(
        None, validation_alias=AliasChoices("AWS_REGION", "AWS_DEFAULT_REGION", "aws_region")
    )
    aws_access_key_id: SecretStr | None = _plain("AWS_ACCESS_KEY_ID")
    aws_profile: str | None = _plain("AWS_PROFILE")
    aws_endpoint_url: str | None = Field(
        None, validation_alias=AliasChoices("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "AWS_ENDPOINT_URL", "aws_endpoint_url")
    )

    limits: Limits = Field(default_factory=lambda: Limits())

    @field_validator(
        "trusted_proxies", "fetch_networks", "app_origins", "mcp_commands", "sqlite_folders", mode="before"
    )
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("prices", mode="before")
    @classmethod
    def _priced(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            raise ValueError('must be JSON like {"ollama:qwen3": {"input": 0.1, "output": 0.4}}') from None

    @field_validator("public_url")
    @classmethod
    def _origin(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/") if value else value

    @field_validator("app_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        # They go into a policy as they are: a blank or a semicolon would be a directive of its own.
        if any(not _ORIGIN.fullmatch(origin) for origin in value):
            raise ValueError("must be origins like https://api.example.com, with commas between")
        return value

    @field_validator("sqlite_folders")
    @classmethod
    def _folders(cls, value: tuple[Path, ...]) -> tuple[Path, ...]:
        if any(not folder.is_absolute() or folder == Path("/") for folder in value):
            raise ValueError("must be folders like /srv/data, with commas between")
        return value

    @classmethod
    def from_env(cls, **overrides: Any) -> Self:
        """Read the environment. Raises `StartupError` that names the variable at fault, never its value."""
        try:
            return cls(**overrides)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            name = str(first["loc"][0]) if first["loc"] else "a setting"
            prefix = {"Limits": "OPSLOOM_LIMIT_", "Settings": "" if name.isupper() else "OPSLOOM_"}[error.title]
            variable = f"{prefix}{name}".upper()
            raise StartupError(f"{variable} is not usable: {first['msg']}.", f"Correct or unset {variable}.") from None
