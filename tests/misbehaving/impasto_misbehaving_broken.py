"""A plugin that cannot be imported."""

raise RuntimeError("this plugin raises on import")
