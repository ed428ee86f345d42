"""The shop that is measured, and the projects that it is compared with: one of them with dj-stripe."""
