"""A model applied by Apache Spark, to what outgrows one machine: ``detect.py --engine spark``.

To read it, in this order:

- `options`: the command line; `session`: Spark started, after `checks`, with our code and the model
  on the workers; `words`: its errors;
- `sources`: from words to what is read; `places`: where results go, a disk or a store of Hadoop's;
- `rows`: the tables; `workers`: what fills them, a batch of photographs or a video at a time;
- `batch`, `stream`: the two ways to run; `answer`: from rows to the files of ``detect.py``;
- `windows`, `pictures`: what else a stream, or a batch, writes of the rows.

Only `workers` runs on the machines of a cluster. PySpark is imported where it is used.
"""
