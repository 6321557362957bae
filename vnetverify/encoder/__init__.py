"""The rules as a relation: what becomes of all packets in all worlds, as terms of SMT-LIB. No solver is asked here."""
