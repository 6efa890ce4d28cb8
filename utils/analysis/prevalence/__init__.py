"""What share wears a mask properly: from the detector's counts and its known mistakes.

Arrays in, a record out. To read it, in this order:

- `adjusted_counts`: the estimators (CC, PCC, ACC, PACC);
- `draws`: what chance could have made of the counts;
- `intervals`: from draws to intervals;
- `quality` and `variance`: what a detector must be, and what the variance is made of;
- `by_class` and `estimate`: the shares of the classes, and the answer with its record;
- `places`: the share by place or time, and which differ;
- `sampling` and `annotated`: which new photographs to annotate, and the answer from them;
- `annotated_places`: the same by place or time; `more_annotations`: how many a narrower one takes;
- `pilot` (with `scaled` and `balance`) and `planner`: how many photographs an answer takes;
- `shift`: whether the new photographs are like the test photographs, as all this assumes;
- `counting` and `box_features`: from detections to the arrays; the only ones that know boxes.
"""
