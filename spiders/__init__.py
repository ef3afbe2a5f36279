"""How a site is reached: one spider for all sources, one module a channel."""
