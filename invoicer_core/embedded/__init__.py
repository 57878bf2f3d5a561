"""The pip-shipped PostgreSQL and Valkey as child processes, and the supervisor of ``up``."""
