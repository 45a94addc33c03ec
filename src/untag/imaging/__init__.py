"""Bytes to upright RGB pixels, and what is made from pixels alone: thumbnails and perceptual hashes."""
