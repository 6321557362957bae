"""What a user could install instead, on the plain semantics of our estates: bit-vectors, Datalog and decision diagrams.

Each engine answers the same question of every ordered pair of subnets: does some packet arrive, and does some arrive
that passed no appliance. None of them knows open facts, replies or anything beyond what `plain.py` says.
"""
