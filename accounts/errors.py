"""Errors of API tokens."""

from tracetrack.errors.problem import Problem


class TokenUnknown(Problem):
    status, code = 404, "token-unknown"
    title = "There is no such token."
    detail = "There is no token {token}."
    remedy = "Look it up in the list of tokens."


class TokenEnded(Problem):
    status, code = 409, "token-ended"
    title = "The token is no longer valid."
    detail = "Token {token} has expired or was revoked."
    remedy = "Create a new token."


class TokenNotYours(Problem):
    status, code = 403, "token-not-yours"
    title = "Only its user can rotate a token."
    detail = "Only {user} can rotate token {token}."
    remedy = "Revoke it, and let its user create another."


class TokenTooWide(Problem):
    status, code = 403, "token-too-wide"
    title = "A token cannot create one with more rights."
    detail = "A token cannot create one with more rights: {reason}."
    remedy = "Request fewer rights, or create the token on the tokens page."


class TooManyTokens(Problem):
    status, code = 409, "too-many-tokens"
    title = "The account has the maximum number of tokens."
    detail = "{user} has {limit} active tokens."
    remedy = "Revoke tokens that are no longer used."
