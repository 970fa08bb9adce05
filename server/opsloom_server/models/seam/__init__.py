"""The fast seam: text goes from the vendor's bytes to the turn once per read, round the agent's event iterator.

An agent framework that hands every token through its layers costs about 200 µs a token; splitting the bytes and
decoding the few fields that matter costs 2. So `reader` sits where the vendor's SDK turns bytes into server-sent
events. What is nothing but more text of an open part goes to the turn at once and is kept back; everything else
passes untouched, after what was kept back, as one event in the vendor's own format. The SDK and the framework see a
normal stream with fewer, longer deltas, so history, usage, errors and retries stay theirs.

`feed` is the other end: it knows which part is open, because it sees the framework's own events, and gives the sink
each character once, whichever way it came.
"""
