"""Models that the user may pull: pins, licences, and the only code that uses the network."""
