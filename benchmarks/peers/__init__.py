"""The systems that the product is measured beside, one file each, written as its own documentation recommends.

All are asked for the same JSON of the same tables. Each looks the token of a request up in the database, validates what
is written, and filters by hand in its query where the product has a policy. A list of theirs has no link to its next
page, which the product's has; and none keeps a change log.

`models` (SQLAlchemy) and `django_models` are shared by those who use these. Nothing here knows the product.
"""
