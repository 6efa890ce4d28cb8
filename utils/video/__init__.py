"""Moving pictures: sources, tracks, people, the rate over time.

To read it, in this order:

- `files` and `live`: from a source to `Frame`s with their times;
- `tracks` (with `motion`): which faces of one frame and the next are the same;
- `people`: what a track shows of a person, pooled over its best views;
- `watch`: all of these, frame by frame;
- `timeline`, `rate`: shares by minute, for the whole, and between periods;
- `results`, `annotated`, `report`: the files of what was seen, in one of `folders`;
- `alerts`: who is told meanwhile.
"""
