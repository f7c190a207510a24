"""Messages that routers send to a log server, and what they say of their configuration."""
