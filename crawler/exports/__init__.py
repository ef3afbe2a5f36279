"""What leaves the published database as files: one module a kind, one registry each."""
