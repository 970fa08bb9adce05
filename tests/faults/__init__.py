"""The fault bench: real servers, a proxy that breaks wires, a scripted model, signals; and what was lost."""
