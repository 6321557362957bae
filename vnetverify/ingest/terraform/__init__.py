"""Terraform plans and states, read into resources as Azure spells them."""
