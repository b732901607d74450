"""Problem: the base class of errors that the API sends to clients, as in RFC 9457."""

from typing import Any, ClassVar, Self

from django.utils.translation import gettext


class Message(str):
    """An English text that pages can translate: a message id, formatted with named parameters."""

    message_id: str
    params: dict[str, Any]

    def __new__(cls, message_id: str, **params: Any) -> Self:
        message = super().__new__(cls, message_id.format(**params))
        message.message_id, message.params = message_id, params
        return message

    def translated(self) -> str:
        """Return the text in the active language."""
        return gettext(self.message_id).format(**self.params)


class Problem(Exception):
    """A request cannot be carried out, and the client is told why.

    Subclasses set the class attributes; their texts are shown to users and translated.

    status: the HTTP status.
    code: the stable identifier that programs compare.
    title: one sentence, the same for each error with this code.
    detail: the sentence with the facts of this error as {placeholders}; `title` if not set.
    remedy: what the user can do about it.
    other_details: sentences that replace `detail` for some of the errors.
    extra_facts: names of facts that the detail does not contain, for docs/errors.md.

    The constructor takes the facts as keyword arguments, all JSON values, and one of
    `other_details` as positional argument. The parameters of a Message among the facts become facts
    themselves.
    """

    status: ClassVar[int] = 400
    code: ClassVar[str] = "bad-request"
    title: ClassVar[str] = ""
    detail: ClassVar[str] = ""
    remedy: ClassVar[str] = ""
    other_details: ClassVar[tuple[str, ...]] = ()
    extra_facts: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "title" in cls.__dict__ and "detail" not in cls.__dict__:
            cls.detail = cls.title

    def __init__(self, other_detail: str = "", /, **facts: Any) -> None:
        self.message_id = other_detail or self.detail
        self.facts = facts
        for value in facts.values():
            if isinstance(value, Message):
                self.facts = value.params | self.facts
        super().__init__(self.message_id.format(**self.facts))

    def as_json(self) -> dict[str, Any]:
        """Return the problem document, without the members that describe the request."""
        document: dict[str, Any] = {
            "type": f"urn:tracetrack:problem:{self.code}",
            "title": self.title,
            "detail": str(self),
            "status": self.status,
            "code": self.code,
        }
        if self.remedy:
            document["remedy"] = self.remedy
        return document | {"facts": self.facts}


class BadRequest(Problem):
    status, code = 400, "bad-request"
    title = "The request cannot be understood."
    detail = "The request cannot be understood: {reason}."
    remedy = "Compare the request with the API's documentation."


class NotSignedIn(Problem):
    status, code = 401, "not-signed-in"
    title = "Authentication is required."
    remedy = "Log in, or send a valid token: Authorization: Bearer <token>."
    extra_facts = ("reason",)


class Forbidden(Problem):
    status, code = 403, "forbidden"
    title = "You do not have permission to do this."
    remedy = "Ask an administrator for the permission."
    extra_facts = ("permission",)


class ScopeMissing(Problem):
    status, code = 403, "scope-missing"
    title = "The token lacks a scope."
    detail = "This token does not have the scope “{scope}”."
    remedy = "Use a token that has this scope and is not read-only."
    extra_facts = ("opens",)


class WrongNetwork(Problem):
    status, code = 403, "wrong-network"
    title = "The token may not be used from this network."
    detail = "This token may not be used from {address}."
    remedy = "Use it from one of its networks, or create another token."


class NotFound(Problem):
    status, code = 404, "not-found"
    title = "This does not exist, or you may not see it."
    remedy = "Check the URL and the spelling of the code."


class Changed(Problem):
    status, code = 412, "changed-meanwhile"
    title = "It has been changed since it was read."
    detail = "This {what} has been changed since it was read."
    remedy = "Read it again, and send the change with the new ETag in If-Match."


class BadCursor(Problem):
    status, code = 400, "bad-cursor"
    title = "The cursor is not valid for this list."
    remedy = "Start again without a cursor, and follow the links in the response."


class Busy(Problem):
    status, code = 503, "busy"
    title = "The server is busy."
    remedy = (
        "Send the request again after the seconds in Retry-After; the ref of a scan makes that "
        "safe."
    )


class BadRow(Problem):
    status, code = 400, "bad-row"
    title = "A field of the scan is missing, unknown or invalid."
    detail = "{field}: {reason}."
    remedy = "Correct the field and send the scan again; nothing was recorded."


class BadSheet(Problem):
    status, code = 400, "bad-sheet"
    title = "The sheet cannot be read."
    detail = "This sheet cannot be read: {reason}."
    remedy = "Save it as CSV in UTF-8, with the column names in the first line."
