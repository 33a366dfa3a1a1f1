"""Section 3's statements, one file each."""
