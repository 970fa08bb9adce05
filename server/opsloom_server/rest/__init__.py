"""REST beside the socket: a FastAPI application mounted at /api, a router a resource."""
