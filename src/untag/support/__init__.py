"""Small helpers that know nothing of photos: files, words, locks, the home folder."""
