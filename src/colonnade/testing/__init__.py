"""For authors of plug-ins: what Colonnade's own suite tests with.

`policy` holds the lists of an application to Pyramid's ACLHelper; `plugin` has fixtures of pytest, there as soon as the
package is installed with its extra ``testing``.
"""
