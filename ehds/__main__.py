"""Run the command line with ``python -m ehds``."""

from ehds.cli import main

if __name__ == "__main__":
    main()
