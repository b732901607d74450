"""REST API infrastructure: views, parameters, pagination, conditional requests, throttling."""
