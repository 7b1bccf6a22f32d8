"""From a shape to a statement: the only place where reading speaks SQL.

`scope` gives names to rows and puts the policy on each of them, `conditions` writes filters, `order` writes sorts and
keysets, `page` picks the rows, `text` lets the database write their JSON, `levels` reads them as rows instead, `places`
tells where a page ends, and `statement` puts these together. Nothing here runs a statement.
"""
