"""The rim of Tamis: everything that touches the network, the disk or the clock."""

__version__ = "0.1.0"
