"""tracetrack_find_token_v1() for many tokens at once, as those are who ask at the same time."""

from django.db import migrations

CREATE = """
CREATE FUNCTION tracetrack_find_tokens_v1(wanted text[], at timestamptz)
RETURNS TABLE (
    digest text, id bigint, user_id bigint, name text, prefix text, scopes text[],
    read_only boolean, networks text[], expires_at timestamptz, used_at timestamptz,
    username text, first_name text, last_name text, email text, is_active boolean, role text
)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN QUERY
    SELECT one.digest, found.*
    FROM unnest(wanted) AS one (digest), tracetrack_find_token_v1(one.digest, at) AS found;
END $$;
"""
DROP = "DROP FUNCTION tracetrack_find_tokens_v1(text[], timestamptz);"


class Migration(migrations.Migration):
    dependencies = [("tracetrack", "0007_secrets_of_receipts")]
    operations = [migrations.RunSQL(CREATE, DROP)]
