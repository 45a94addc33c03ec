"""What a photo shows beside faces: the categories one may not want online, and the models that judge them."""
