"""What any program has: errors, settings, paths, logs, the console."""
