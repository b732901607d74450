-- One window of a stream as NDJSON. Parameters: the rows and the names of their columns.
-- JSON has none of the characters that would make COPY quote a cell, so the lines come out as they are.
COPY (SELECT row_to_json(line) FROM ({rows}) AS line ({names}))
TO STDOUT (FORMAT csv, QUOTE E'\x01', DELIMITER E'\x02')
