"""From findings to photos that are gone: the steps on each platform, the texts to send, and what became of requests."""
