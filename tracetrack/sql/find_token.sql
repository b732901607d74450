-- The token with this hash that is good at a moment, and whose it is.
-- Parameters: digest text, now timestamptz. Index: api_token_digest_is_unique.
SELECT
    token.id, token.user_id, token.name, token.prefix, token.digest, token.scopes,
    token.read_only, token.networks, token.created_at, token.expires_at, token.revoked_at,
    token.used_at,
    person.id, person.password, person.last_login, person.username, person.first_name,
    person.last_name, person.email, person.is_active, person.date_joined, person.role
FROM tracetrack_apitoken AS token
JOIN tracetrack_user AS person ON person.id = token.user_id
WHERE token.digest = %(digest)s
    AND token.revoked_at IS NULL
    AND (token.expires_at IS NULL OR token.expires_at > %(now)s)
    AND person.is_active
