"""The verbs that look after the log, one file each; only the command line imports them."""
