"""Codes that begin with what is searched, as a function: planned once for each connection.

As a statement it would be planned anew at each key that somebody presses, which takes longer than
the look itself. `ROWS` is about what one page shows.
"""

from django.db import migrations

CREATE = """
CREATE FUNCTION bags_begin_v1(first text, past text, most integer)
RETURNS TABLE (id bigint, code text)
LANGUAGE plpgsql STABLE ROWS 20 AS $$
BEGIN
    RETURN QUERY
    SELECT bag.id, bag.code::text
    FROM bags_bag AS bag
    WHERE bag.code >= first COLLATE "C" AND bag.code < past COLLATE "C"
    ORDER BY bag.code
    LIMIT most;
END $$;
"""
DROP = "DROP FUNCTION bags_begin_v1(text, text, integer);"


class Migration(migrations.Migration):
    dependencies = [("bags", "0006_refer")]
    operations = [migrations.RunSQL(CREATE, DROP)]
