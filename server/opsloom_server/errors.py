"""Every error that a person or a program may see, in one tree.

OpsloomError                 internal       500   the rest: its cause goes to the log only
 ├── BadFrame                bad_frame      400   not a frame of the protocol
 ├── TooLong                 too_long       413   over a limit of size
 ├── TooSlow                 expired        408   a request whose body does not come
 ├── Invalid                 invalid        422   the right shape, the wrong content (carries `issues`)
 │    ├── NotPermitted       invalid        422   a query that may not run (`reason`: not_permitted)
 │    └── QueryFailed        invalid        422   a query that the database gave up (`reason`: query_failed)
 ├── NotFound                not_found      404   absent, or somebody else's: never told apart
 ├── NotSignedIn             forbidden      401   no credential, or one that no longer holds
 ├── Forbidden               forbidden      403   signed in, but not for this
 ├── Conflict                conflict       409   the state has moved on
 ├── Busy                    busy           409   a bounded place is full, or a turn runs
 ├── RateLimited             rate_limited   429   carries `retry_ms`
 ├── Budget                  budget         402   an allowance is used up
 ├── Unavailable             unavailable    503   something behind us does not answer; carries `retry_ms`
 └── Expired                 expired        410   was valid once

`StartupError` stands apart: it ends the process, in words for whoever started it.

The `text` of an error is shown as it is, so it never holds a secret, an address or another person's data.
"""

from collections.abc import Sequence
from typing import ClassVar

from opsloom_protocol.errors import ErrorCode
from opsloom_protocol.messages import Issue


class OpsloomError(Exception):
    """An error with a code for programs and a text for people."""

    code: ClassVar[ErrorCode] = "internal"
    status: ClassVar[int] = 500
    text: str = "Something went wrong on our side. Nothing you sent was lost; please try again."

    def __init__(
        self, text: str | None = None, *, retry_ms: int | None = None, issues: Sequence[Issue] | None = None
    ) -> None:
        if text is not None:
            self.text = text
        self.retry_ms = retry_ms
        self.issues = list(issues) if issues else None
        super().__init__(self.text)


class BadFrame(OpsloomError):
    code = "bad_frame"
    status = 400
    text = "This is not a frame that the server understands."


class TooLong(OpsloomError):
    code = "too_long"
    status = 413
    text = "This is longer than the server accepts."


class TooSlow(OpsloomError):
    code = "expired"
    status = 408
    text = "This came too slowly and was given up."


class Invalid(OpsloomError):
    code = "invalid"
    status = 422
    text = "Some of this cannot be accepted as it is."
    reason: ClassVar[str | None] = None
    """For programs, where the same code stands for what they must tell apart."""


class NotPermitted(Invalid):
    text = "This query is not permitted."
    reason = "not_permitted"


class QueryFailed(Invalid):
    text = "The database could not run this query."
    reason = "query_failed"


class NotFound(OpsloomError):
    code = "not_found"
    status = 404
    text = "There is nothing here by that name, or it is not yours to see."


class NotSignedIn(OpsloomError):
    code = "forbidden"
    status = 401
    text = "Please sign in first."


class Forbidden(OpsloomError):
    code = "forbidden"
    status = 403
    text = "You may not do this."


class Conflict(OpsloomError):
    code = "conflict"
    status = 409
    text = "This has changed meanwhile; look at it again."


class Busy(OpsloomError):
    code = "busy"
    status = 409
    text = "The assistant is still at work here. Wait for it, or stop it first."


class RateLimited(OpsloomError):
    code = "rate_limited"
    status = 429
    text = "Too much at once; please try again shortly."


class Budget(OpsloomError):
    code = "budget"
    status = 402
    text = "The allowance for this is used up."


class Unavailable(OpsloomError):
    code = "unavailable"
    status = 503
    text = "Something that the server needs does not answer right now. Nothing is lost; please try again shortly."


class Expired(OpsloomError):
    code = "expired"
    status = 410
    text = "This is no longer valid."


class StartupError(Exception):
    """The server cannot start. `text` says what is wrong, `remedy` what to do about it."""

    def __init__(self, text: str, remedy: str = "") -> None:
        self.text = text
        self.remedy = remedy
        super().__init__(f"{text} {remedy}".strip())
