"""A model applied to photographs, outside of the workflow: what `detect.py` does.

To read it, in this order:

- `sources`: from words on the command line to photographs;
- `looking`: what the model finds on each, in this process or in several;
- `results`: the folder of what was found; `pictures`, `faces` and `rate` are the files in it;
- `sentences`: the same in words.

Other sources (videos, cameras, streams) give other units than photographs, persons and minutes;
they get files beside these, and share what is made of a picture.
"""
