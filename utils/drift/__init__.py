"""Drift: are new photographs like those that a model was tested on, since when, and which are not.

A model's file carries its test side photograph by photograph (`utils.analysis.evaluation.carried`),
so that nothing else is needed.

- `features`: what is compared of a photograph; `two_samples`: the test; `since`: when it began;
  `least_alike`: which photographs stand out.
- `watching`: all of it, as a record; `words`: the record in sentences; `commands`: ``watch-drift``.
- `latest`: the same of what came last, for a service that never ends; `scene`: of a video.
"""
