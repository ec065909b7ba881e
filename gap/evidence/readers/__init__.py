"""One reader for each form in which tests tell their results."""
