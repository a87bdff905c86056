"""Whether receivers can believe our mail: what the DNS says of us, and what the relay does."""
