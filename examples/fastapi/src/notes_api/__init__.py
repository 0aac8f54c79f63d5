"""Notes over HTTP and WebSocket."""
