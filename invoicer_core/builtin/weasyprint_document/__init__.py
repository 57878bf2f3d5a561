"""The built-in document: invoices, credit notes and receipts as tagged PDF/A, by WeasyPrint."""
