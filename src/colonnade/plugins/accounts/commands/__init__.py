"""The verbs of accounts, one file each; only the command line imports them."""
