"""Networks and intents as data, what Azure refuses of them, and what it accepts and nobody means."""
