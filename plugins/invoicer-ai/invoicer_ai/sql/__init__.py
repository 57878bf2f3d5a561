"""Questions to the data: a statement is read, allowed or refused, run behind walls, shown."""
