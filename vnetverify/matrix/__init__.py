"""All pairs of subnets at once: what arrives, what is answered, and what passes no appliance.

A third reading of the rules, beside `simulator` and `encoder`, of the common constructs alone, as
`specs/contract/matrices.md` says. Nothing is decided pair by pair: hosts that routes cannot tell apart are a *spot*,
packets that most rules treat alike a *cell* of the service, and what a filter says of one spot and all others is one
wide whole number. Every answer is a pair of bounds, so what this reading does not know stays open and is left
to others to decide.
"""
