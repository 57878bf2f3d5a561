"""Use cases: the only writers of business rows. One function is one transaction."""
