"""What tests, soak and benchmarks stand on: a Home Assistant, entries of ours, the truth."""
