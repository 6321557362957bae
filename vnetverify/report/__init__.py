"""What was found, for readers: every format is written from one `Report` and decides nothing anew."""
