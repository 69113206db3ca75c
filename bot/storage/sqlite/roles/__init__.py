"""The ``Storage`` port by its roles, as ``bot.news.ports`` has them.

Each method is one transaction of one function over a plain connection; the functions stand in the
modules named after their nouns.
"""
