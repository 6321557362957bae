"""What became of a packet as a story, and sets of packets in words."""
