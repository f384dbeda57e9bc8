"""What people and programs ask about claims that are there; command line and API show it."""
