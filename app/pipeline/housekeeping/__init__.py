"""What belongs to no batch and is done now and then: a job a file, one keeper."""
