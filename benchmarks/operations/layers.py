"""The Keras layers that are swept, each between two dense layers."""

from typing import Callable, Dict, NamedTuple, Tuple

import keras

L = keras.layers


class Setting(NamedTuple):
  """How a layer is put into a small model.

  Attributes:
    shape: of an input without its batch axis.
    make: maps the hidden tensor before the layer to that after it.
    training: whether the layer runs in training mode.
  """
  shape: Tuple[int, ...]
  make: Callable
  training: bool = False


def _of(shape, *layers) -> Setting:
  def make(h):
    for layer in layers:
      h = layer()(h)
    return h
  return Setting(shape, make)


def _same(make) -> Callable:
  """A layer of two inputs, given a hidden tensor and its sine."""
  return lambda h: make()([h, keras.ops.sin(h)])


_V, _S, _I, _C = (3,), (3, 2), (4, 4, 1), (2, 2, 2, 1)


def settings() -> Dict[str, Setting]:
  """The layers by name, in the order of the page."""
  found: Dict[str, Setting] = {}
  vectors = dict(
      Dense=lambda: L.Dense(3),
      EinsumDense=lambda: L.EinsumDense("ab,bc->ac", 3),
      ELU=L.ELU, LeakyReLU=L.LeakyReLU, PReLU=L.PReLU, ReLU=L.ReLU,
      Softmax=L.Softmax, Dropout=lambda: L.Dropout(.5),
      GaussianNoise=lambda: L.GaussianNoise(.5),
      RepeatVector=lambda: L.RepeatVector(2),
      Reshape=lambda: L.Reshape((2, 2)), Rescaling=lambda: L.Rescaling(.5),
      UnitNormalization=L.UnitNormalization,
      BatchNormalization=L.BatchNormalization,
      LayerNormalization=L.LayerNormalization,
      RMSNormalization=L.RMSNormalization,
      GroupNormalization=lambda: L.GroupNormalization(2),
      SpectralNormalization=lambda: L.SpectralNormalization(L.Dense(3)),
      Lambda=lambda: L.Lambda(lambda h: h * h))
  found |= {name: _of(_V, make) for name, make in vectors.items()}
  found["BatchNormalization(training)"] = Setting(
      _V, lambda h: L.BatchNormalization()(h), True)
  merges = dict(Add=L.Add, Average=L.Average, Concatenate=L.Concatenate,
                Dot=lambda: L.Dot(1), Maximum=L.Maximum, Minimum=L.Minimum,
                Multiply=L.Multiply, Subtract=L.Subtract)
  found |= {name: Setting(_V, _same(make)) for name, make in merges.items()}
  sequences = dict(
      SimpleRNN=lambda: L.SimpleRNN(2), LSTM=lambda: L.LSTM(2),
      GRU=lambda: L.GRU(2),
      Bidirectional=lambda: L.Bidirectional(L.GRU(2)),
      TimeDistributed=lambda: L.TimeDistributed(L.Dense(2, "tanh")),
      Conv1D=lambda: L.Conv1D(2, 2), Conv1DTranspose=lambda:
      L.Conv1DTranspose(2, 2), SeparableConv1D=lambda: L.SeparableConv1D(2, 2),
      DepthwiseConv1D=lambda: L.DepthwiseConv1D(2),
      AveragePooling1D=lambda: L.AveragePooling1D(2),
      MaxPooling1D=lambda: L.MaxPooling1D(2),
      AdaptiveAveragePooling1D=lambda: L.AdaptiveAveragePooling1D(2),
      GlobalAveragePooling1D=L.GlobalAveragePooling1D,
      GlobalMaxPooling1D=L.GlobalMaxPooling1D,
      Cropping1D=lambda: L.Cropping1D(1), ZeroPadding1D=L.ZeroPadding1D,
      UpSampling1D=L.UpSampling1D, Permute=lambda: L.Permute((2, 1)),
      SpatialDropout1D=lambda: L.SpatialDropout1D(.5))
  found |= {name: _of(_S, make) for name, make in sequences.items()}
  attention = dict(
      Attention=L.Attention, AdditiveAttention=L.AdditiveAttention)
  found |= {name: Setting(_S, _same(make)) for name, make in attention.items()}
  found["MultiHeadAttention"] = Setting(
      _S, lambda h: L.MultiHeadAttention(2, 2)(h, h))
  found["GroupQueryAttention"] = Setting(
      _S, lambda h: L.GroupQueryAttention(2, 2, 1)(h, h))
  images = dict(
      Conv2D=lambda: L.Conv2D(2, 2), Conv2DTranspose=lambda:
      L.Conv2DTranspose(2, 2, 2), SeparableConv2D=lambda:
      L.SeparableConv2D(2, 2), DepthwiseConv2D=lambda: L.DepthwiseConv2D(2),
      AveragePooling2D=lambda: L.AveragePooling2D(2),
      MaxPooling2D=L.MaxPooling2D,
      AdaptiveAveragePooling2D=lambda: L.AdaptiveAveragePooling2D(2),
      AdaptiveMaxPooling2D=lambda: L.AdaptiveMaxPooling2D(2),
      GlobalAveragePooling2D=L.GlobalAveragePooling2D,
      GlobalMaxPooling2D=L.GlobalMaxPooling2D,
      Cropping2D=lambda: L.Cropping2D(1), ZeroPadding2D=L.ZeroPadding2D,
      Flatten=L.Flatten, CenterCrop=lambda: L.CenterCrop(2, 2))
  found |= {name: _of(_I, make) for name, make in images.items()}
  found["Conv2D(dilated)"] = _of(_I, lambda: L.Conv2D(2, 2, dilation_rate=2))
  found["Conv2D(grouped)"] = _of(_I, lambda: L.Conv2D(2, 2, groups=2))
  for method in ("nearest", "bilinear", "bicubic", "lanczos3"):
    found[f"Resizing({method})"] = _of(
        _I, lambda method=method: L.Resizing(3, 5, interpolation=method))
    found[f"UpSampling2D({method})"] = _of(
        _I, lambda method=method: L.UpSampling2D(interpolation=method))
  found["ConvLSTM1D"] = _of((2, 3, 1), lambda: L.ConvLSTM1D(2, 2))
  volumes = dict(
      Conv3D=lambda: L.Conv3D(2, 2), Conv3DTranspose=lambda:
      L.Conv3DTranspose(2, 2), AveragePooling3D=lambda:
      L.AveragePooling3D(2), MaxPooling3D=L.MaxPooling3D,
      UpSampling3D=L.UpSampling3D, ZeroPadding3D=L.ZeroPadding3D,
      Cropping3D=lambda: L.Cropping3D(((0, 1),) * 3),
      GlobalAveragePooling3D=L.GlobalAveragePooling3D,
      GlobalMaxPooling3D=L.GlobalMaxPooling3D)
  found |= {name: _of(_C, make) for name, make in volumes.items()}
  activations = ("elu exponential gelu hard_sigmoid hard_silu hard_tanh "
                 "leaky_relu linear log_sigmoid log_softmax mish relu relu6 "
                 "selu sigmoid silu softmax softplus softsign sparse_plus "
                 "squareplus tanh tanh_shrink").split()
  found |= {f"Activation({name})": _of(
      _V, lambda name=name: L.Activation(name)) for name in activations}
  # `Activation` takes its output to be as large as its input; glu halves it.
  found["Activation(glu)"] = Setting(_V, keras.activations.glu)
  found["Activation(threshold)"] = _of(_V, lambda: L.Activation(
      lambda h: keras.activations.threshold(h, .1, 0.)))
  return found


def build(setting: Setting, seed: int = 1) -> keras.Model:
  """Dense, the layer, tanh, Dense to one output; float64, random weights.

  Args:
    setting: the layer.
    seed: of the weights.

  Returns:
    The model.
  """
  keras.utils.set_random_seed(seed)
  inputs = keras.Input(setting.shape, dtype="float64")
  h = setting.make(L.Dense(4, "tanh")(inputs))
  h = L.Flatten()(L.Activation("tanh")(h))
  return keras.Model(inputs, L.Dense(1)(h))
