"""Moving pictures: sources, tracks, people, the rate over time.

To read it, in this order:

- `files` (with `decoding`) and `live`: from a source to `Frame`s with their times;
- `tracks` (with `motion`, `appearance`, `association`): which faces of frames are the same;
- `people`: what a track shows of a person, pooled over its best views;
- `watch`: all of these, frame by frame;
- `seen`: who counts, what was looked at and missed;
- `correction`, `rate`: shares by minute, for the whole, and between periods;
- `results`, `annotated`, `report`: the files of what was seen, in one of `folders`;
- `alerts`: who is told meanwhile;
- `shard` (with `segments`, `state`, `recording`): the same in a job of the workflow;
- `predictions`, `reporting`: what all jobs saw, in the report of a run;
- `sampling`: single frames, as photographs.
"""
