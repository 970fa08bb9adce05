"""The hot log: what just happened, for whoever reads along (`ring`), and on its way to the database (`batches`)."""
