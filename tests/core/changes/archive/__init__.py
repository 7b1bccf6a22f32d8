"""An application that keeps a log of whatever SQLAlchemy can do, and plain Python that reads the log."""
