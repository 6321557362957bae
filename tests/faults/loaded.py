"""What a process imports that runs of the command are forked from: everything, and the grammar."""

from pathlib import Path

from vnetverify.cli import prove
from vnetverify.pipeline import load
from vnetverify.report import json

LOADED = (prove, json, load([str(Path(__file__).with_name("estate.vnet"))], []))
