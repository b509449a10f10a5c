"""Public libraries beside ours, each in an environment of its own: `docs/benchmarks.md` is `make bench-peers`."""
