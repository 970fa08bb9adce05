"""The benchmark of retrieval; see `retrieval.py`."""
