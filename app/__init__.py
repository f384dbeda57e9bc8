"""Healthcare claims, processed by set-based SQL in PostgreSQL."""
