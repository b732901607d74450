-- Find an active API token and its user by the digest of its secret. A function, because its plan
-- is cached per connection: planning the statement anew takes longer than running it.
CREATE OR REPLACE FUNCTION accounts_find_token(wanted text, at timestamptz)
RETURNS TABLE (
    id bigint, user_id bigint, name text, prefix text, scopes text[], read_only boolean,
    networks text[], expires_at timestamptz, used_at timestamptz, username text,
    first_name text, last_name text, email text, is_active boolean, role text
)
LANGUAGE plpgsql
STABLE
SET enable_seqscan = off
AS $$
BEGIN
    RETURN QUERY
    SELECT token.id, token.user_id, token.name::text, token.prefix::text, token.scopes::text[],
        token.read_only, token.networks::text[], token.expires_at, token.used_at,
        person.username::text, person.first_name::text, person.last_name::text,
        person.email::text, person.is_active, person.role::text
    FROM accounts_apitoken AS token
    JOIN accounts_user AS person ON person.id = token.user_id
    WHERE token.digest = wanted
        AND token.revoked_at IS NULL
        AND (token.expires_at IS NULL OR token.expires_at > at)
        AND person.is_active;
END $$;
