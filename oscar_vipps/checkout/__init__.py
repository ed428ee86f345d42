"""What a shopper meets: Oscar's checkout with Vipps in it, and the pages on the way back from Stripe."""
