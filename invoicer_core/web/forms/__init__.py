"""What people type into pages, read into the domain's drafts and fields."""
