-- Find several active API tokens and their users by digest, for requests that arrive together.
CREATE OR REPLACE FUNCTION accounts_find_tokens(wanted text[], at timestamptz)
RETURNS TABLE (
    digest text, id bigint, user_id bigint, name text, prefix text, scopes text[],
    read_only boolean, networks text[], expires_at timestamptz, used_at timestamptz,
    username text, first_name text, last_name text, email text, is_active boolean, role text
)
LANGUAGE plpgsql
STABLE
AS $$
BEGIN
    RETURN QUERY
    SELECT one.digest, found.*
    FROM unnest(wanted) AS one (digest), accounts_find_token(one.digest, at) AS found;
END $$;
