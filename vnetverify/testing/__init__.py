"""Networks, sentences, worlds and vectors, drawn or read: for the tests, and for `fuzz`, `conform` and `selftest`."""
