"""The stages of the pipeline, run once or by the worker."""
