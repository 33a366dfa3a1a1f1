"""The same games over gym and atari-py (the extra legacy-atari)."""
