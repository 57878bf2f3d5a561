"""The rules of invoicing: no I/O, standard library only."""
