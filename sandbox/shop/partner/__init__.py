"""Oscar's partner app with the shop's own prices: Norwegian VAT."""
