"""Invoicer: invoicing for small businesses, built of plugins."""
