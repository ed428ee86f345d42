"""A shop as its owner would have it: stock Oscar, Norwegian VAT and shipping, and Vipps."""
