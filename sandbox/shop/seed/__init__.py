"""What the shop sells on its first day, with pictures that are drawn here."""
