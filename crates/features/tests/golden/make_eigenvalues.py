"""Writes symmetric matrices and the eigenvalues that numpy.linalg.eigh finds, as text."""

from pathlib import Path

import numpy as np

SEED = 20260101
MATRICES = 50


def matrix(rng: np.random.Generator, n: int) -> np.ndarray:
    """A positive definite matrix with a condition of up to 1e10."""
    basis, _ = np.linalg.qr(rng.standard_normal((n, n)))
    exponents = -rng.uniform(0.0, 10.0) * np.sort(rng.uniform(size=n))
    product = basis @ np.diag(10.0**exponents) @ basis.T
    return (product + product.T) / 2.0 * 10.0 ** rng.uniform(-3.0, 3.0)


def line(numbers: np.ndarray) -> str:
    """Numbers that read back to the same bits."""
    return " ".join(repr(float(number)) for number in numbers)


def main() -> None:
    """Size, lower triangle row by row, eigenvalues from the largest; matrix after matrix."""
    rng = np.random.default_rng(SEED)
    lines = ["# n; then the lower triangle, a row a line; then the eigenvalues, the largest first"]
    for at in range(MATRICES):
        n = 2 + at % 15
        made = matrix(rng, n)
        lines.append(str(n))
        lines += [line(made[row, : row + 1]) for row in range(n)]
        lines.append(line(np.linalg.eigh(made).eigenvalues[::-1]))
    Path(__file__).with_name("eigenvalues.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
