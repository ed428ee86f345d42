"""Oscar's shipping app with the shop's own methods."""
