"""untag: finds the photos that show you in your downloaded archives, and says which you may want offline."""

__version__ = "0.1.0"
