"""The pytest plugin; see docs/architecture.md."""
