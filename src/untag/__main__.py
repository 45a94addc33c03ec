"""`python -m untag` is the command `untag`."""

from untag.cli import main

if __name__ == "__main__":
    main()
