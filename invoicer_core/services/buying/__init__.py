"""What we buy: suppliers, their bills, and what we paid them."""
