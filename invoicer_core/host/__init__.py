"""Runs plugins: finds them, calls them under guard, keeps their state, settings and secrets."""
