"""What every request of a program begins with, as a function: planned once for each connection.

As a statement it would be planned anew each time, which takes longer than the look itself.
`enable_seqscan = off` keeps a plan on the index that was made while there were few tokens.
"""

from django.db import migrations

CREATE = """
CREATE FUNCTION tracetrack_find_token_v1(wanted text, at timestamptz)
RETURNS TABLE (
    id bigint, user_id bigint, name text, prefix text, scopes text[], read_only boolean,
    networks text[], expires_at timestamptz, used_at timestamptz,
    username text, first_name text, last_name text, email text, is_active boolean, role text
)
LANGUAGE plpgsql STABLE SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY
    SELECT token.id, token.user_id, token.name::text, token.prefix::text, token.scopes::text[],
        token.read_only, token.networks::text[], token.expires_at, token.used_at,
        person.username::text, person.first_name::text, person.last_name::text,
        person.email::text, person.is_active, person.role::text
    FROM tracetrack_apitoken AS token
    JOIN tracetrack_user AS person ON person.id = token.user_id
    WHERE token.digest = wanted
        AND token.revoked_at IS NULL
        AND (token.expires_at IS NULL OR token.expires_at > at)
        AND person.is_active;
END $$;
"""
DROP = "DROP FUNCTION tracetrack_find_token_v1(text, timestamptz);"


class Migration(migrations.Migration):
    dependencies = [("tracetrack", "0005_receipts")]
    operations = [migrations.RunSQL(CREATE, DROP)]
