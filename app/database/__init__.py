"""Connections to PostgreSQL, the schema in it, and the audit trail's view of who acts."""
