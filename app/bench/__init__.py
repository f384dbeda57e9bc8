"""The benchmark of the pipeline and of the HTTP service."""
