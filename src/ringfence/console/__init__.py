"""Page shell, templates, static files, and the report that embeds them."""
