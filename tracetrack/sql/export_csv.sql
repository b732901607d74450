-- One window of an export as CSV. Placeholders: the cells, the rows and the names of their columns.
COPY (SELECT {cells} FROM ({rows}) AS line ({names})) TO STDOUT (FORMAT csv)
