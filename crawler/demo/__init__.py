"""A small web of invented sites, for trying the whole job offline.

content    what the sites say: one TOML file a site, in sites/
moulds     how they are built: one mould a content management system, in templates/
web        a server on loopback that answers for all of them, and their registry records
"""
