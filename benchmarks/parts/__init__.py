"""What is measured: each module has ``measure(profile)``, and runs on a database of its own."""
