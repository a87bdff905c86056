"""Two synthetic meetings to try everything on: one long past, one in two weeks."""
