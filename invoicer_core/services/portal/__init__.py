"""The clients' own pages: who may see them, by mailed code, and what is on them."""
