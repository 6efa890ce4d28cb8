"""Models with versions: what a run has trained becomes the champion if it is good enough.

To read it, in this order:

- `promoting`: from a run folder to a version in MLflow's registry, and the champion;
- `gate`: what a model must show for that; `test_side`: what it is shown on, `against`: whom;
- `store`: versions and aliases, each step of which is whole or not there;
- `package`: what a version holds; `pyfunc`: what MLflow makes of it, without any of us.
"""
