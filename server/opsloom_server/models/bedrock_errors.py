"""What goes wrong on the way to Bedrock, as errors that the framework knows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import httpx2
from botocore.exceptions import (
    CredentialRetrievalError,
    NoAuthTokenError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)
from pydantic_ai import _model_errors
from pydantic_ai.exceptions import (
    ModelAPIError,
    ModelAuthenticationError,
    ModelHTTPError,
    ModelRequestRejectedError,
)

from opsloom_server.models.seam.amazon import Broken

CREDENTIALS: Final = (
    NoCredentialsError,
    PartialCredentialsError,
    CredentialRetrievalError,
    ProfileNotFound,
    NoAuthTokenError,
    TokenRetrievalError,
    SSOError,
)
"""What botocore raises where it finds no credentials, or none that are whole."""


@contextmanager
def amazons_errors(model: str) -> Iterator[None]:
    """Those of botocore and of the transport that the framework does not know of, as errors that it does."""
    try:
        yield
    except CREDENTIALS as error:
        raise ModelAuthenticationError(model_name=model, message=str(error)) from error
    except ParamValidationError as error:
        raise ModelHTTPError.for_category(
            ModelRequestRejectedError, status_code=400, model_name=model, body=str(error)
        ) from error
    except Broken as error:
        raise ModelAPIError(model, f"The stream could not be read: {error}") from error
    except httpx2.TransportError as error:
        timeout = isinstance(error, httpx2.TimeoutException)
        raise _model_errors.connection_error(model, str(error), error, timeout=timeout) from error
