"""Measures the models on labelled photos."""
