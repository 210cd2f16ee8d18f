"""The example of a feature folder outside the repository is run by its tests, from a copy."""

collect_ignore = ["outside"]
