"""Figures of how the installation runs, for Prometheus, at /metrics. Each room measures what is its own."""
