"""What may travel between an Opsloom server and its clients."""
