"""`python -m app`: the same as the command `claims`."""

from app.cli import main

main()
