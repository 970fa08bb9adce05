"""What went wrong with a model, in words for the person who waits for the answer.

The vendor's own text is never passed on: it may quote the key, the address or the request.
"""

from __future__ import annotations

from pydantic_ai.exceptions import (
    ContentFilterError,
    FallbackExceptionGroup,
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelContextWindowExceededError,
    ModelHTTPError,
    ModelNotFoundError,
    ModelOverloadedError,
    ModelQuotaExceededError,
    ModelRateLimitError,
    ModelRequestRejectedError,
    ModelRequestTimeout,
    ModelServerError,
    ModelTimeoutError,
    ModelUnavailableError,
    OutputTokenLimitExceeded,
    RunTimedOut,
    UnexpectedModelBehavior,
    UsageLimitExceeded,
    UserError,
)

from opsloom_server.errors import Budget, Invalid, OpsloomError, TooLong, Unavailable

# Which variable holds the key, by the provider's name.
_KEYS = {
    "openai": "OPENAI_API_KEY",
    "openai-chat": "OPENAI_API_KEY",
    "anthropic": "ANTHROPIC_API_KEY",
    "bedrock": "the AWS credentials",
    "ollama": "OLLAMA_BASE_URL",
}
# How servers say that a conversation is too long, where they have no code of its own for it.
_TOO_LONG = ("is too long", "input tokens exceeded", "context length", "context window", "context_length")


def explain(error: BaseException, *, model: str | None = None) -> OpsloomError:
    """The error to show for a failure of a model or a run. `model` is the name the run was started with.

    Always returns an error of our tree, safe to show as it is; what it does not know becomes the general one.
    """
    if isinstance(error, OpsloomError):
        return error
    if isinstance(error, FallbackExceptionGroup):
        # The last model asked is the one nobody could stand in for.
        return explain(error.exceptions[-1], model=model)
    if isinstance(error, ModelAPIError):
        return _of_vendor(error, model)
    if isinstance(error, RunTimedOut):
        return Unavailable(
            "The answer took too long and was stopped. Please try again, perhaps with a shorter question."
        )
    if isinstance(error, UsageLimitExceeded):
        return Budget("This answer needed more steps or tokens than one answer may use. Ask for less at once.")
    if isinstance(error, ContentFilterError):
        return Invalid("The model's provider declined to answer this. Please put it in other words.")
    if isinstance(error, OutputTokenLimitExceeded):
        return TooLong("The answer grew longer than the model may write at once. Ask for a part of it.")
    if isinstance(error, UnexpectedModelBehavior):
        return Unavailable("The model's answer could not be read. Please try again.")
    if isinstance(error, UserError):
        return OpsloomError(
            "This assistant is not set up so that its model can run. Whoever runs the server finds why in its log."
        )
    return OpsloomError()


def _of_vendor(error: ModelAPIError, model: str | None) -> OpsloomError:
    name = f"“{(model or error.model_name)[:80]}”"
    key = _KEYS.get((model or "").partition(":")[0], "the vendor's API key")
    retry_ms = None if error.retry_after is None else int(error.retry_after * 1000)
    match error:
        case ModelAuthenticationError():
            return Unavailable(
                f"The model's provider refuses this server's key. Whoever runs the server should check {key}."
            )
        case ModelNotFoundError():
            return _no_model(name)
        case ModelQuotaExceededError():
            return Budget(
                "The account at the model's provider is used up. Whoever runs the server should look at its billing."
            )
        case ModelContextWindowExceededError():
            return _too_long()
        case ModelRateLimitError():
            return Unavailable(
                "The model's provider is getting too many requests just now. Please try again shortly.",
                retry_ms=retry_ms,
            )
        case ModelTimeoutError() | ModelRequestTimeout():
            return Unavailable("The model's provider went silent, so the answer was ended. Please try again.")
        case ModelConnectionError():
            return Unavailable(
                "The connection to the model's provider failed or broke off. Please try again.", retry_ms=retry_ms
            )
        case ModelOverloadedError() | ModelUnavailableError() | ModelServerError():
            return Unavailable(
                "The model's provider has trouble at the moment. Please try again shortly.", retry_ms=retry_ms
            )
        case ModelRequestRejectedError():
            return _rejected(error, name)
        case ModelHTTPError(status_code=413):
            return TooLong(
                "This is more than the model's provider accepts at once. Please send less text or smaller files."
            )
        case _:
            return Unavailable(
                "The model's provider failed in the middle of the answer. Please try again.", retry_ms=retry_ms
            )


def _no_model(name: str) -> Invalid:
    return Invalid(f"The provider has no model {name}, or this key may not use it. Choose another for this assistant.")


def _too_long() -> TooLong:
    return TooLong("This conversation no longer fits into the model. Please start a new one, or send less text.")


def _rejected(error: ModelAPIError, name: str) -> OpsloomError:
    marks = f"{error.provider_error_code} {error.provider_error_type} {error.message}".lower()
    if "content_filter" in marks or "content_policy" in marks or "safety" in marks:
        return Invalid("The model's provider declined to answer this. Please put it in other words.")
    if "model identifier is invalid" in marks:  # so says Bedrock
        return _no_model(name)
    if any(mark in marks for mark in _TOO_LONG):
        return _too_long()
    return Invalid(
        f"The provider of the model {name} did not accept the request as it is. "
        "Whoever runs the server finds the reason in its log."
    )
