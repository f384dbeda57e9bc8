"""Prices of lines, by the SQL that prices claims."""
