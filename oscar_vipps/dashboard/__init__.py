"""What staff meet: pages in Oscar's dashboard."""
