"""Products, decompositions, solvers and Fourier transforms."""

import numpy as np
import tensorflow as tf

from benchmarks.operations.cases.case import call, each, like, normal, of

_A = normal(2, 3, 3) + 3 * np.eye(3)  # well conditioned, not symmetric
_S = _A @ _A.transpose(0, 2, 1)
_B = normal(2, 3, 2, seed=1)


def _symmetric(x):
  """The function of the symmetric part only, so that it has a gradient."""
  return (x + tf.linalg.matrix_transpose(x)) / 2


def _squares(results):
  """Of the vectors, whose signs are arbitrary."""
  return [results[0], *(tf.square(vectors) for vectors in results[1:])]


def _real_transform(op, length, shape):
  return of(op, lambda raw, x: raw(
      input=x, fft_length=length, Tcomplex=tf.complex(x, x).dtype),
            normal(*shape))


def _complex_transform(shape):
  return lambda op: of(op, lambda raw, x, y: raw(input=tf.complex(x, y)),
                       normal(*shape), normal(*shape, seed=1))


CASES = [
    call("MatMul", normal(3, 4), normal(4, 2)),
    call("MatMul", normal(4, 3), normal(2, 4), transpose_a=True,
         transpose_b=True),
    call("SparseMatMul", normal(3, 4), normal(4, 2)),
    *each("BatchMatMul BatchMatMulV2", lambda op: call(
        op, normal(2, 3, 4), normal(2, 4, 2))),
    call("BatchMatMulV2", normal(2, 3, 4), normal(4, 2)),
    of("BatchMatMulV3", lambda raw, x, y: raw(x=x, y=y, Tout=x.dtype),
       normal(2, 3, 4), normal(2, 4, 2)),
    of("Einsum", lambda raw, x, y: raw(inputs=[x, y], equation="bij,bjk->bik"),
       normal(2, 3, 4), normal(2, 4, 2)),
    of("Einsum", lambda raw, x, y: raw(inputs=[x, y], equation="ij,jk->ki"),
       normal(3, 4), normal(4, 2)),
    call("Cross", normal(4, 3), normal(4, 3, seed=1)),
    call("Diag", normal(3)),
    call("DiagPart", normal(3, 3)),
    call("MatrixDiag", normal(2, 3)),
    call("MatrixDiagPart", normal(2, 3, 3)),
    call("MatrixSetDiag", normal(2, 3, 3), normal(2, 3)),
    *each("MatrixDiagV2 MatrixDiagV3", lambda op: of(
        op, lambda raw, x: raw(
            diagonal=x, k=0, num_rows=3, num_cols=3,
            padding_value=like(0.)(x.dtype)), normal(2, 3))),
    *each("MatrixDiagPartV2 MatrixDiagPartV3", lambda op: of(
        op, lambda raw, x: raw(
            input=x, k=[-1, 1], padding_value=like(0.)(x.dtype)),
        normal(2, 3, 3))),
    *each("MatrixSetDiagV2 MatrixSetDiagV3", lambda op: of(
        op, lambda raw, x, y: raw(input=x, diagonal=y, k=0),
        normal(2, 3, 3), normal(2, 3))),
    call("MatrixBandPart", normal(2, 3, 3), num_lower=1, num_upper=0),
    call("MatrixInverse", _A),
    call("MatrixDeterminant", _A),
    call("LogMatrixDeterminant", _A),
    call("MatrixSolve", _A, _B),
    call("MatrixTriangularSolve", _A, _B, lower=True),
    call("BandedTriangularSolve", np.stack([_A[:, 0] + 2, _A[:, 1]], 1), _B),
    of("MatrixSolveLs", lambda raw, x, y: raw(
        matrix=x, rhs=y, l2_regularizer=np.array(.1), fast=True),
        normal(2, 4, 3), normal(2, 4, 2)),
    of("MatrixSquareRoot", lambda raw, x: raw(input=_symmetric(x)), _S),
    of("Cholesky", lambda raw, x: raw(input=_symmetric(x)), _S),
    of("SelfAdjointEigV2", lambda raw, x: raw(input=_symmetric(x))[0], _S),
    of("SelfAdjointEigV2", lambda raw, x: _squares(raw(input=_symmetric(x))),
       _S),
    of("Svd", lambda raw, x: raw(input=x, compute_uv=False)[0], _A),
    of("Svd", lambda raw, x: _squares(raw(input=x)), _A),
    of("Qr", lambda raw, x: raw(input=x), _A),
    call("Lu", _A),
    of("Eig", lambda raw, x: raw(input=x, Tout=tf.complex128)[0],
       np.diag([1., 2., 4.]) + .1 * normal(3, 3)),
    call("TridiagonalMatMul", normal(1, 4), normal(1, 4, seed=1),
         normal(1, 4, seed=2), normal(4, 2, seed=3)),
    call("TridiagonalSolve", normal(3, 4) + [[0.], [5.], [0.]], normal(4, 2)),
    _real_transform("RFFT", [6], (2, 6)),
    _real_transform("RFFT2D", [4, 6], (2, 4, 6)),
    _real_transform("RFFT3D", [4, 4, 4], (4, 4, 4)),
    *each("FFT IFFT", _complex_transform((2, 5))),
    *each("FFT2D IFFT2D", _complex_transform((2, 3, 4))),
    *each("FFT3D IFFT3D", _complex_transform((2, 3, 4))),
    of("IRFFT", lambda raw, x, y: raw(
        input=tf.complex(x, y), fft_length=[6], Treal=x.dtype),
       normal(2, 4), normal(2, 4, seed=1)),
    of("IRFFT2D", lambda raw, x, y: raw(
        input=tf.complex(x, y), fft_length=[4, 6], Treal=x.dtype),
        normal(2, 4, 4), normal(2, 4, 4, seed=1)),
    of("IRFFT3D", lambda raw, x, y: raw(
        input=tf.complex(x, y), fft_length=[4, 4, 4], Treal=x.dtype),
        normal(4, 4, 3), normal(4, 4, 3, seed=1)),
]
