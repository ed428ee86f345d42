"""What knows Oscar: baskets, orders, its books, its mail."""
