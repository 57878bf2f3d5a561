"""After the commit: the clock hands out what is due, workers do it, the rows say what is left."""
