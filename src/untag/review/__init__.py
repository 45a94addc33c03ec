"""The local web page: the same library calls as the command line, served to the browser of this machine alone."""
