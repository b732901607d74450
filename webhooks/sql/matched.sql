-- Keep what is sent of these events; they have been looked at.
-- Parameters: ids bigint[], bodies text[], now timestamptz.
UPDATE webhooks_event AS event SET body = sent.body, matched_at = %(now)s
FROM unnest(%(ids)s::bigint[], %(bodies)s::text[]) AS sent (id, body)
WHERE event.id = sent.id
