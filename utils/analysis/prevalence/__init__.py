"""What share wears a mask properly: from the detector's counts and its known mistakes.

Arrays in, a record out. To read it, in this order:

- `counting`: from detections to arrays; the only module here that knows boxes;
- `adjusted_counts`: the estimators (CC, PCC, ACC, PACC);
- `draws`: what chance could have made of the counts;
- `intervals`: from draws to intervals;
- `quality` and `variance`: what a detector must be, and what the variance is made of;
- `estimate`: the answer and its record;
- `places`: the share by place or time, and which differ;
- `sampling` and `annotated`: which new photographs to annotate, and the answer from them;
- `annotated_places`: the same by place or time;
- `planner`, `scaled` and `balance`: how many photographs an answer of a wanted width takes;
- `shift`, and `box_features`: whether the new photographs are like the test photographs, as all
  this assumes.
"""
