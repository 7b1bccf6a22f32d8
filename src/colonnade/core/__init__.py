"""The foundation. It knows no plug-in, no command and no test."""
