"""Weights that let the test photographs show people of another mix of classes.

Of all weights with which the test photographs hold people of the wanted mix, these are as alike as
can be: entropy balancing (Hainmueller, Polit. Anal. 20 (2012) 25). A photograph's people keep
together, so that what is found and missed on it does, too.
"""

import numpy as np

_GENTLY = 1e-4  # keeps the weights finite where no photograph holds a class


def balanced(faces: np.ndarray, people: np.ndarray) -> np.ndarray:
    """Return the weight of each test photograph, shape (photos,); they add up to 1.

    Parameters
    ----------
    faces
        Shape (photos, K): faces of each class on each test photograph.
    people
        Shape (K,), not negative: the people whose mix they should have. Classes without test faces
        do not count, and photographs without faces weigh as one on average.
    """
    from scipy.optimize import minimize

    crowd = faces.sum(axis=1)
    some = crowd > 0
    known = faces.sum(axis=0) > 0
    mix = np.where(known, people, 0) / people[known].sum()
    away = faces[some] / crowd[some, None] - mix

    def weights(tilt: np.ndarray) -> np.ndarray:
        exponents = away @ tilt
        return np.exp(exponents - exponents.max())

    def unbalanced(tilt: np.ndarray) -> tuple[float, np.ndarray]:
        """Return what is least where the mix is right, and its slope."""
        weighed = crowd[some] * weights(tilt)
        value = (away @ tilt).max() + np.log(weighed.sum()) + _GENTLY * tilt @ tilt
        return value, weighed @ away / weighed.sum() + 2 * _GENTLY * tilt

    result = np.ones(len(faces))
    result[some] = weights(minimize(unbalanced, np.zeros(len(mix)), jac=True, method="BFGS").x)
    result[~some] = result[some] @ crowd[some] / crowd.sum()
    return result / result.sum()
