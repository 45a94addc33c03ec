"""Looking after the home folder: back up, restore, rescue, forget."""
