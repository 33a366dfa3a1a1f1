"""Plays full games with a teacher of Section 4.2, and can ship it.

  python -m reproduce.evaluate_teacher --game=pong

evaluates the teacher that comes with the package, from its stored weights.
With `--weights` another stored teacher is played, a candidate of
`reproduce.train_teacher`, say; `--ship` then makes it the package's.
"""

from reproduce import app
from reproduce.distillation.evaluate import define_flags, main

if __name__ == "__main__":
  app.run(define_flags, main)
