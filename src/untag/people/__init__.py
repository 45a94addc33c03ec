"""Whose faces to find: enrolment, profiles, and the verdict on a face."""
