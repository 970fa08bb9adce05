"""Python runs this in every process that has this folder on its path: servers that tests start watch themselves."""

import os
import sys
from pathlib import Path

if report := os.environ.get("OPSLOOM_TESTS_BLOCKING"):
    sys.path.append(str(Path(__file__).parents[2]))
    from detector import watch

    watch(Path(report))
