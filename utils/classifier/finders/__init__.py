"""Face finders: what says where faces are, and nothing of masks.

To read them, in this order:

- `names`: the finders, their options, and what they need; imports neither torch nor numpy;
- `finder`: the interface, and the photograph at several scales, which they share;
- `haar`, `lbp`, `yunet`, `centerface` (with its `centerface_network`), `of_detector`: one each;
- `make`: from a name to a finder.
"""
