"""What happens when something is full, slow, gone or comes back: right answers or clear problems, in bounded memory.

The whole product (people plug-in, tokens, policy) behind a real server, on databases that these tests may harm.
"""
