"""Problem: the one exception that a client may see, in the words of RFC 9457."""

from typing import Any, ClassVar


class Problem(Exception):
    """The request cannot be carried out."""

    # The docstring of a subclass is what people read: one text for docs, answers and log. It begins
    # with the title, the same every time, and ends with the sentence, which may tell facts.
    status: ClassVar[int] = 400
    code: ClassVar[str] = "bad-request"
    remedy: ClassVar[str] = ""

    def __init__(self, **facts: Any) -> None:
        self.facts = facts
        super().__init__(self.sentence().format(**facts))

    @classmethod
    def title(cls) -> str:
        """What kind of problem this is, whatever its facts."""
        return (cls.__doc__ or "").strip().splitlines()[0].strip()

    @classmethod
    def sentence(cls) -> str:
        """What people are told, with the facts still to be filled in."""
        return (cls.__doc__ or "").strip().splitlines()[-1].strip()

    def as_json(self) -> dict[str, Any]:
        """The problem document: type, title, detail, status, code, remedy, the facts."""
        document: dict[str, Any] = {
            "type": f"urn:tracetrack:problem:{self.code}",
            "title": self.title(),
            "detail": str(self),
            "status": self.status,
            "code": self.code,
        }
        if self.remedy:
            document["remedy"] = self.remedy
        return document | {"facts": self.facts}


class BadRequest(Problem):
    """The request cannot be understood.

    The request cannot be understood: {reason}.
    """

    status, code = 400, "bad-request"
    remedy = "Compare the request with the API's documentation."


class NotSignedIn(Problem):
    """Nobody is signed in."""

    status, code = 401, "not-signed-in"
    remedy = "Sign in, or send a valid token: Authorization: Bearer <token>."


class Forbidden(Problem):
    """This account may not do that."""

    status, code = 403, "forbidden"
    remedy = "Ask an administrator for the right that is named."


class ScopeMissing(Problem):
    """The token does not open what this takes.

    This token does not open “{scope}”.
    """

    status, code = 403, "scope-missing"
    remedy = "Use a token with the scope that is named, and not one that only reads."


class WrongNetwork(Problem):
    """The token may not be used from here.

    This token may not be used from {address}.
    """

    status, code = 403, "wrong-network"
    remedy = "Use it from one of the networks that it was made for, or make another token."


class TokenUnknown(Problem):
    """There is no such token.

    There is no token {token} here.
    """

    status, code = 404, "token-unknown"
    remedy = "Look it up in the list of tokens."


class TokenEnded(Problem):
    """The token has ended.

    Token {token} has expired or was revoked.
    """

    status, code = 409, "token-ended"
    remedy = "Make a new token."


class TokenNotYours(Problem):
    """Only its user can rotate a token.

    Only {user} can rotate token {token}.
    """

    status, code = 403, "token-not-yours"
    remedy = "Revoke it, and have its user make another."


class TokenTooWide(Problem):
    """A token makes none that may do more than itself.

    A token makes none that may do more than itself: {reason}.
    """

    status, code = 403, "token-too-wide"
    remedy = "Ask for less, or make the token on the page of tokens."


class TooManyTokens(Problem):
    """The account has as many tokens as it may.

    {user} has {limit} tokens that are good.
    """

    status, code = 409, "too-many-tokens"
    remedy = "Revoke those that nobody uses."


class NotFound(Problem):
    """There is nothing here, or nothing that this account may see."""

    status, code = 404, "not-found"
    remedy = "Check the address and the spelling of the code."


class Changed(Problem):
    """It has been changed since it was read.

    This {what} has been changed since it was read.
    """

    status, code = 412, "changed-meanwhile"
    remedy = "Read it again, decide anew, and send the new ETag in If-Match."


class BadCursor(Problem):
    """This cursor was not made by this list."""

    status, code = 400, "bad-cursor"
    remedy = "Start again without a cursor and follow the links of the answer."


class Busy(Problem):
    """The server is busy."""

    status, code = 503, "busy"
    remedy = "Send it again after the seconds in Retry-After; a scan's ref makes that safe."


class BadRow(Problem):
    """A field of the scan is missing, unknown or unreadable.

    {field}: {reason}.
    """

    status, code = 400, "bad-row"
    remedy = "Correct the field and send the scan again; nothing was recorded."


class BadSheet(Problem):
    """The sheet cannot be read.

    This sheet cannot be read: {reason}.
    """

    status, code = 400, "bad-sheet"
    remedy = "Save it as CSV in UTF-8, with the names of its columns in the first line."
