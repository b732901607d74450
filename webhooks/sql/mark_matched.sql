-- Store the bodies of matched events and mark the events as matched.
-- Parameters: ids bigint[], bodies text[], now timestamptz.
UPDATE webhooks_event AS event SET body = rendered.body, matched_at = %(now)s
FROM unnest(%(ids)s::bigint[], %(bodies)s::text[]) AS rendered (id, body)
WHERE event.id = rendered.id
