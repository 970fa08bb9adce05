"""Benchmarks: what they measure and against what stands in each; run by `make bench…`, not by the tests."""
