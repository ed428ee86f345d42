"""Commands for cron and for people at a terminal."""
