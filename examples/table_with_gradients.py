"""Sobolev Training on a table of values and gradients from a file.

Such tables come from simulators and adjoint solvers. Some gradients are
missing (an empty field): an entry weight of 0 leaves them out.
"""

import csv
import pathlib

import numpy as np
import sonnet as snt
import tensorflow as tf

import sobolev_tf as st

COLUMNS = ("x1", "x2", "f", "df_dx1", "df_dx2")


def write_example(path: pathlib.Path) -> None:
  """What a simulator might have written: 40 points of sin(x1) exp(x2)."""
  x = np.random.default_rng(0).uniform(-1., 1., (40, 2))
  f = np.sin(x[:, 0]) * np.exp(x[:, 1])
  table = np.column_stack([x, f, np.cos(x[:, 0]) * np.exp(x[:, 1]), f])
  with open(path, "w", newline="", encoding="utf-8") as file:
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    for number, row in enumerate(table):
      row = list(row)
      if number % 8 == 0:
        row[4] = ""  # this run did not converge
      writer.writerow(row)


def read(path: pathlib.Path) -> np.ndarray:
  """`[N, 5]`; NaN where a field is empty."""
  with open(path, newline="", encoding="utf-8") as file:
    return np.array([[float(row[c] or "nan") for c in COLUMNS]
                     for row in csv.DictReader(file)])


def main() -> None:
  path = pathlib.Path("table.csv")
  if not path.exists():
    write_example(path)
  table = read(path)
  x = tf.constant(table[:, :2], tf.float32)
  y, dy_dx = st.from_arrays(x, (table[:, 2:3], table[:, 3:]))
  known = tf.cast(~np.isnan(table[:, 3:]), tf.float32)  # [N, 2]
  tf.random.set_seed(0)
  model = snt.nets.MLP([64, 64, 1], activation=tf.nn.softplus)
  model(x)
  optimizer = st.Adam(model.trainable_variables, st.cosine(1e-2, 500))
  loss = st.SobolevLoss()

  @tf.function
  def step():
    with tf.GradientTape() as tape:
      terms = loss(model, x, (y, dy_dx), entry_weights=(None, known))
      total = terms.reduce()
    variables = model.trainable_variables
    optimizer.apply(tape.gradient(total, variables), variables)
    return tf.reduce_mean(terms.value), tf.reduce_mean(terms.first)

  for number in range(500):
    value, first = step()
    if number % 100 == 0 or number == 499:
      print(f"step {number}: squared error of f {value:.6f}, of its gradient "
            f"{first:.6f}")


if __name__ == "__main__":
  main()
