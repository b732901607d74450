-- One window of a stream as CSV. Parameters: the cells, the rows and the names of their columns.
COPY (SELECT {cells} FROM ({rows}) AS line ({names})) TO STDOUT (FORMAT csv)
