"""All that knows Jupyter: the magic and the inline view."""
