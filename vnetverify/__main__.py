"""`python -m vnetverify` is the command `vnetverify`."""

import sys

from vnetverify.cli import main

sys.exit(main())
