"""The rules as an algorithm: what becomes of one packet, or of a box of packets, in one world."""
