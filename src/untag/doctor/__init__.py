"""Examines the installation, and proves that it sends nothing."""
