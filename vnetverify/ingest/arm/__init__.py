"""Deployment templates of Azure Resource Manager, read as Azure reads them, without Azure."""
