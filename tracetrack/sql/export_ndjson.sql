-- One window of an export as NDJSON. Placeholders: the rows and the names of their columns.
-- JSON text never contains the control characters used here as quote and delimiter, so COPY changes nothing.
COPY (SELECT row_to_json(line) FROM ({rows}) AS line ({names}))
TO STDOUT (FORMAT csv, QUOTE E'\x01', DELIMITER E'\x02')
