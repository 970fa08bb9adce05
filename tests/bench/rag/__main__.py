"""`make bench-rag`: runs `retrieval.py`, wherever it is started from."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bench.rag.retrieval import main

main()
