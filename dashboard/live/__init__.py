"""WebSocket consumers and the broadcaster that feeds them."""
