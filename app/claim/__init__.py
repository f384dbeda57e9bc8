"""What a claim is: its fields and their grammar."""
