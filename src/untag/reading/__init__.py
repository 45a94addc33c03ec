"""Text in photos: its lines, and which of a user's own words and what kinds of cards are among them."""
