"""Records a teacher's play: the states that Section 4.2 distils from.

  python -m reproduce.record --game=pong

replays the action log that comes with the package: it plays the same games
again, checks every frame's checksum, recomputes the teacher's outputs and
stores all of it in `runs/recording/pong/states`. `--sample` plays other games
instead, with actions sampled from the teacher; `--ship` then makes their log
the package's.
"""

from reproduce import app
from reproduce.distillation.record import EXPERIMENT

if __name__ == "__main__":
  app.run_experiment(EXPERIMENT)
