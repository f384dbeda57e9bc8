"""The tests that pytest runs; pgtests/ holds those written in SQL."""
