"""Benchmarks: ratios against the raw cost of the same work, and bounds to report."""
