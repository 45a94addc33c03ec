"""Where photos come from: one module for each kind of source, all behind the protocol in `base`."""
