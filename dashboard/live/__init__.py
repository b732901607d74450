"""The live dashboard: WebSocket consumer and broadcaster."""
