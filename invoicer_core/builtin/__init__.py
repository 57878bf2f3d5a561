"""Features that ship inside, as plugins like any other."""
