"""Operations on each number by itself."""

import tensorflow as tf

from benchmarks.operations.cases.case import (
    call,
    each,
    like,
    normal,
    of,
    uniform,
)


def _unary(low, high, zeros=True, **constants):
  return lambda op: call(op, uniform(low, high, 3, 4), zeros=zeros, **constants)


def _binary(low, high, zeros=True):
  """The second argument is broadcast."""
  return lambda op: call(op, uniform(low, high, 3, 4),
                         uniform(low, high, 4, seed=1), zeros=zeros)


def _gradient(low, high):
  """A gradient's own operation: of a value and of the incoming gradient."""
  return lambda op: call(op, uniform(low, high, 3, 4), normal(3, 4, seed=1))


def _incoming(low, high):
  """The same, called with the incoming gradient first."""
  return lambda op: call(op, normal(3, 4, seed=1), uniform(low, high, 3, 4))


def _of_complex(op):
  return of(op, lambda raw, x, y: raw(
      input=tf.complex(x, y), **({} if op == "Conj" else {"Tout": x.dtype})),
            uniform(.3, 1., 3, 4), uniform(.3, 1., 3, 4, seed=1))


CASES = [
    *each("Abs Asinh Atan BesselI0e BesselI1e Ceil Cos Cosh Elu Erf Erfc Exp "
          "Expm1 Floor LeakyRelu Neg OnesLike PreventGradient Relu Relu6 Rint "
          "Round Selu Sigmoid Sign Sin Sinh Softplus Softsign Square "
          "StopGradient Tan Tanh ZerosLike Identity DebugIdentityV2",
          _unary(-1.4, 1.4)),
    *each("Acos Asin Atanh Erfinv", _unary(-.9, .9)),
    *each("Digamma Inv Lgamma Log Reciprocal Rsqrt Sqrt", _unary(.3, 2.)),
    *each("BesselI0 BesselI1 BesselJ0 BesselJ1 BesselK0 BesselK0e BesselK1 "
          "BesselK1e BesselY0 BesselY1 Dawsn Expint FresnelCos FresnelSin "
          "Spence", _unary(.4, 2.5)),
    *each("Acosh", _unary(1.3, 3.)),
    *each("Log1p", _unary(-.5, 2.)),
    *each("Ndtri", _unary(.1, .9)),
    *each("CheckNumerics CheckNumericsV2", _unary(-1., 1., message="infinite")),
    call("PlaceholderWithDefault", normal(3, 4), shape=[3, 4]),
    call("EnsureShape", normal(3, 4), shape=[None, 4]),
    *each("Add AddV2 Maximum Minimum Mul MulNoNan SquaredDifference Sub",
          _binary(-1.5, 1.5)),
    *each("Atan2 Div DivNoNan FloorDiv FloorMod Mod NextAfter Pow RealDiv "
          "TruncateDiv TruncateMod Xdivy Xlog1py Xlogy", _binary(.4, 2.)),
    *each("Igamma Igammac IgammaGradA", lambda op: call(
        op, uniform(.5, 3., 3, 4), a=like(1.5), zeros=False)),
    *each("Igamma Igammac", lambda op: call(
        op, uniform(.5, 3., 4), uniform(.5, 3., 3, 4), zeros=False,
        special="differentiated with respect to a")),
    call("Zeta", uniform(1.5, 3., 3, 4), x=like(2.5), zeros=False),
    call("Zeta", uniform(1.5, 3., 3, 4), uniform(1.5, 3., 4), zeros=False,
         special="differentiated with respect to x"),
    call("Pow", normal(3, 4), y=like(2.)),
    call("Pow", normal(3, 4), y=like(3.)),
    call("Polygamma", uniform(.5, 2., 3, 4), a=like(1.), zeros=False),
    call("Betainc", uniform(.2, .8, 4), a=like([2.] * 4), b=like([1.5] * 4),
         zeros=False),
    call("Betainc", uniform(1., 2., 4), uniform(1., 2., 4, seed=1),
         uniform(.2, .8, 4), zeros=False,
         special="differentiated with respect to a, b"),
    *each("LeakyReluGrad Relu6Grad ReluGrad SoftplusGrad SoftsignGrad",
          _incoming(-2., 2.)),
    *each("EluGrad SeluGrad", _incoming(-.9, 2.)),
    *each("InvGrad ReciprocalGrad RsqrtGrad SqrtGrad", _gradient(.3, 2.)),
    *each("SigmoidGrad TanhGrad", _gradient(.1, .9)),
    call("ClipByValue", normal(3, 4), uniform(-1., -.5, 3, 4),
         uniform(.5, 1., 3, 4)),
    of("Select", lambda raw, x, y: raw(condition=x > y, x=x, y=y),
       normal(3, 4), normal(3, 4, seed=1)),
    of("SelectV2", lambda raw, x, y: raw(condition=x > y, t=x, e=y),
       normal(3, 4), normal(4, seed=1)),
    of("Cast", lambda raw, x: raw(x=raw(x=x, DstT=tf.float64), DstT=x.dtype),
       normal(3, 4)),
    of("Complex", lambda raw, x, y: raw(
        real=x, imag=y, Tout=tf.complex(x, y).dtype),
       normal(3, 4), normal(3, 4, seed=1)),
    *each("Angle Conj Imag Real", _of_complex),
    of("ComplexAbs", lambda raw, x, y: raw(x=tf.complex(x, y), Tout=x.dtype),
       uniform(.3, 1., 3, 4), uniform(.3, 1., 3, 4, seed=1)),
    of("AccumulateNV2", lambda raw, x, y: raw(inputs=[x, y], shape=[3, 4]),
       normal(3, 4), normal(3, 4, seed=1)),
    of("AddN", lambda raw, x, y: raw(inputs=[x, y]),
       normal(3, 4), normal(3, 4, seed=1)),
    of("IdentityN", lambda raw, x, y: raw(input=[x, y]),
       normal(3, 4), normal(2, seed=1)),
    *each("FakeQuantWithMinMaxArgs QuantizeAndDequantize", _unary(-1., 1.)),
    call("FakeQuantWithMinMaxVars", normal(3, 4), min=-2., max=2.),
    call("FakeQuantWithMinMaxVarsPerChannel", normal(3, 4), min=[-2.] * 4,
         max=[2.] * 4),
    call("QuantizeAndDequantizeV2", normal(3, 4), input_min=like(-2.),
         input_max=like(2.)),
    call("QuantizeAndDequantizeV3", normal(3, 4), input_min=like(-2.),
         input_max=like(2.), num_bits=8),
    call("QuantizeAndDequantizeV4", normal(3, 4), input_min=like(-2.),
         input_max=like(2.)),
]
