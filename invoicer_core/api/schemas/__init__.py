"""What bodies and queries may hold, as pydantic models: the source of validation and OpenAPI."""
