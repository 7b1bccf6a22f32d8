"""A desk: an application whose records are changed and deleted, under permissions of every sort; and who may ask.

`models` says what it keeps, `application` who may do what with it and makes it.
"""
