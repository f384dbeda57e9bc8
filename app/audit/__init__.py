"""The audit trail as it is sealed, verified and read."""
