"""Teachers: emulators, training, recordings of their games."""
