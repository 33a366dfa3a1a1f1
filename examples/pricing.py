"""Option prices from single paths and their derivatives, in Keras."""
import keras
import numpy as np
from scipy.stats import norm

from sobolev_tf import losses
from sobolev_tf.keras import SobolevModel

WEIGHTS = np.arange(1., 8.) / 28.  # of 7 independent assets in a basket
STRIKE, DEVIATION = 1.1, .2  # of the basket, from today's spots to the payoff

random = np.random.default_rng(0)
x, move, others = (
    DEVIATION / np.sqrt(7.) / WEIGHTS * random.normal(size=(3, 1024, 7)))
end = 1. + (x + move) @ WEIGHTS  # the basket when the option is due
y = np.maximum(end - STRIKE, 0.)[:, None]  # payoffs, not prices
dy_dx = np.outer(end > STRIKE, WEIGHTS)  # by the spots, path by path
d = (1. + others @ WEIGHTS - STRIKE) / DEVIATION
price = DEVIATION * (d * norm.cdf(d) + norm.pdf(d))[:, None]
for name, weights in (("payoffs alone", (1., 0.)),
                      ("and derivatives", losses.huge_savine((y, dy_dx)))):
  keras.utils.set_random_seed(1)
  model = SobolevModel(keras.Sequential([
      keras.Input((7,)), keras.layers.Dense(20, "softplus"),
      keras.layers.Dense(20, "softplus"), keras.layers.Dense(1)]))
  rate = keras.optimizers.schedules.CosineDecay(1e-2, 16 * 30)
  model.compile(keras.optimizers.Adam(rate), loss_weights=weights)
  model.fit(x, (y, dy_dx), batch_size=64, epochs=30, verbose=0)
  error = np.sqrt(np.mean((model.predict(others, verbose=0) - price)**2))
  print(f"{name}: error of the price at other spots {error:.4f}")
