"""A company to try things on: 10,000 people, made by a seeded generator, the same each time and on every machine.

`names` has the names, `company` makes the people without any database, `loading` writes them, `command` is the verb.
Only the command line imports this.
"""
