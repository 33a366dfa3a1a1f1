"""What the paper prints or claims: the only home of its numbers.

Source, unless another is named: https://arxiv.org/abs/1706.04859 (NeurIPS
2017). Each entry says where it stands there: "printed" is a number in a table,
"text" a claim in a sentence. Figure 2's bars and Figure 4's curves have no
printed values, so there are none here.
"""

from typing import Mapping, NamedTuple, Optional, Tuple

SOBOLEV, REGULAR, NONE = "Sobolev better", "regular better", "no difference"


class Claim(NamedTuple):
  """Which method the paper says has the lower test error, and where."""
  verdict: str
  source: str


_SIX = Claim(
    SOBOLEV, "text §4.1: 'for six out of seven benchmark problems they "
    "significantly reduce the testing error'")
_ACKLEY_FEW = Claim(
    REGULAR, "text §4.1: 'the only case where regular regression performed "
    "better is the regression towards Ackley's function', with little data")
_ACKLEY_MANY = Claim(
    SOBOLEV, "text §4.1: 'once we have enough training data points, Sobolev "
    "trained networks are able to approximate this function better'")

_FUNCTIONS = ("ackley", "beale", "booth", "bukin", "mccormick", "rosenbrock",
              "styblinski_tang")

# Figure 2 (right): claim per (function, number of training points). The text
# does not say whether "relatively low data" ends below or above 100 points;
# 100 is read as low.
FIGURE2: Mapping[tuple[str, int], Claim] = {
    (function, n): _SIX for function in _FUNCTIONS for n in (20, 100, 10_000)
} | {
    ("ackley", 20): _ACKLEY_FEW,
    ("ackley", 100): _ACKLEY_FEW,
    ("ackley", 10_000): _ACKLEY_MANY,
}

# Figure 4: one claim for all games and percentages.
FIGURE4 = Claim(
    SOBOLEV, "caption of Figure 4: 'In all scenarios the Sobolev distilled "
    "networks are significantly more similar to the target policy'")


class Accuracy(NamedTuple):
  """A printed test accuracy in percent with its standard deviation."""
  mean: float
  deviation: float


class Table1Row(NamedTuple):
  """One row of Table 1 (printed).

  Attributes:
    data: the data set.
    modules: number of synthetic-gradient modules.
    top: 1 or 5, of top-1 or top-5 accuracy.
    backpropagation: the accuracy in parentheses, in percent.
    methods: the accuracy per method; None where the paper has a dash.
  """
  data: str
  modules: int
  top: int
  backpropagation: float
  methods: Mapping[str, Optional[Accuracy]]


def _row(data, modules, top, backpropagation, *cells) -> Table1Row:
  names = ("noprop", "direct", "vfbn", "critic", "sobolev")
  return Table1Row(data, modules, top, backpropagation, {
      name: cell and Accuracy(*cell) for name, cell in zip(names, cells)})


TABLE1 = (
    _row("cifar10", 3, 1, 94.3,
         (54.5, 1.15), (79.2, .01), (88.5, 2.70), (93.2, .02), (93.5, .01)),
    _row("imagenet", 1, 1, 75.0,
         (54.0, .29), None, (57.9, 2.03), (71.7, .23), (72.0, .05)),
    _row("imagenet", 1, 5, 92.3,
         (77.3, .06), None, (81.5, 1.20), (90.5, .15), (90.8, .01)),
    _row("imagenet", 3, 1, 75.0,
         (18.7, .18), None, (28.3, 5.24), (65.7, .56), (66.5, .22)),
    _row("imagenet", 3, 5, 92.3,
         (38.0, .34), None, (52.9, 6.62), (86.9, .33), (87.4, .11)),
)


class SurrogateError(NamedTuple):
  """Normalised errors of a surrogate on test points, medians over 5 pools."""
  value: float
  derivative: float


# The surrogate of a reactor: https://github.com/jkitchin/pounce, commit
# 04bdf29, python/notebooks/43_sobolev_training.ipynb, printed by its cells.
# Learning curves, 5,000 steps, by method and number of solves.
SURROGATE_CURVES: Mapping[tuple[str, int], SurrogateError] = {
    (method, n): SurrogateError(*error)
    for method, errors in {
        "values": ((.4538, 2.3577), (.2975, 2.2389), (.1792, 1.5930),
                   (.0805, .8526), (.0414, .6122)),
        "weight 1": ((.2385, 1.5878), (.1006, .9010), (.0602, .5884),
                     (.0228, .3825), (.0123, .2508)),
        "likelihood": ((.2225, 1.3848), (.0868, .7300), (.0394, .3422),
                       (.0123, .1876), (.0053, .1011)),
    }.items() for n, error in zip((16, 32, 64, 128, 256), errors)}
SURROGATE_CURVES_STEPS = 5_000
# 64 solves.
SURROGATE_LONG_STEPS = 20_000
SURROGATE_LONG: Mapping[str, SurrogateError] = {
    "values": SurrogateError(.1485, 1.5300),
    "weight 1": SurrogateError(.0382, .4554),
    "weight 100": SurrogateError(.0187, .2142),
    "z-score": SurrogateError(.0160, .1501),
    "likelihood": SurrogateError(.0216, .2346),
}


class SurrogateDesign(NamedTuple):
  """A design found with a surrogate, on the plant, over 5 pools.

  Attributes:
    regret: median share of the optimum's objective that is lost, percent.
    violation: the largest distance from the limit, K.
  """
  regret: float
  violation: float


SURROGATE_DESIGNS: Mapping[tuple[str, int], SurrogateDesign] = {
    ("values", 16): SurrogateDesign(5.51, 28.46),
    ("values", 64): SurrogateDesign(.64, 3.07),
    ("values", 256): SurrogateDesign(.85, 1.57),
    ("likelihood", 16): SurrogateDesign(.47, 31.52),
    ("likelihood", 64): SurrogateDesign(.11, .98),
    ("likelihood", 256): SurrogateDesign(.02, .09),
}
# What a solve with its Jacobian costs, in solves, by back-solves with the held
# factorisation.
SURROGATE_BACK_SOLVES = 1.17


class PricingErrors(NamedTuple):
  """100 times root mean square errors at 4,096, 8,192 and 16,384 paths.

  Attributes:
    values: of prices, trained on values alone.
    values_and_derivatives: of prices, trained on derivatives, too.
    deltas: of the first asset's delta, trained on values alone.
    deltas_and_derivatives: of that delta, trained on derivatives, too.
  """
  values: Tuple[float, float, float]
  values_and_derivatives: Tuple[float, float, float]
  deltas: Tuple[float, float, float]
  deltas_and_derivatives: Tuple[float, float, float]


# Basket of 7 assets, one run each, printed below the figures of
# https://github.com/differential-machine-learning/notebooks by B. Huge and A.
# Savine: DifferentialMLTF2.ipynb, commit 1056f27, whose seed is 281.
PRICING_STEPS = 1_600  # 100 epochs of 16 batches
PRICING = PricingErrors(
    (1.13, .56, .38), (.12, .10, .06), (1.50, .55, .33), (.14, .09, .08))
# The runs in DifferentialML.ipynb's history, of other seeds (and, before
# df265b0, with larger batches), by the last commit that holds each.
PRICING_HISTORY: Mapping[str, PricingErrors] = {
    "df265b0": PricingErrors(
        (.77, .50, .21), (.24, .14, .11), (.70, .40, .30), (.30, .10, .09)),
    "82c0b42": PricingErrors(
        (.80, .45, .45), (.10, .12, .10), (.48, .26, .30), (.07, .08, .09)),
    "ba5923d": PricingErrors(
        (.88, .71, .49), (.13, .08, .05), (.49, .37, .25), (.11, .06, .06)),
    "d0cd605": PricingErrors(
        (.93, .57, .32), (.16, .10, .06), (.58, .35, .26), (.10, .06, .06)),
    "01ae514": PricingErrors(
        (.65, .41, .19), (.20, .13, .09), (1.65, .96, .50), (.31, .26, .22)),
    "1b85b6d": PricingErrors(
        (1.28, .49, .49), (.11, .11, .09), (.88, .36, .36), (.15, .19, .11)),
    "7710930": PricingErrors(
        (.36, .19, .17), (.17, .14, .10), (.41, .24, .26), (.20, .18, .19)),
}
