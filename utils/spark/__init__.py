"""A model applied by Apache Spark, to what outgrows one machine: ``detect.py --engine spark``.

To read it, in this order:

- `options`: the command line; `session`: Spark started, after `checks`, with our code and the model
  on the workers, and `patience` with a cluster; `words`, `full_disk`: its errors;
- `sources`: from words to what is read; `places`: where results go, a disk or a store of Hadoop's,
  with the `marks` of what is to go on there; `table`: rows in parts;
- `rows`: the columns; `workers`: what fills them, a batch of photographs or a video at a time;
- `run_batch` (with `batch`), `run_stream` (with `stream`, `queries`): the two ways to run, of a
  `call`; `answer`: from rows to the files of ``detect.py``;
- `windows`, `pictures`: what else a stream, or a batch, writes of the rows.

Only `workers` runs on the machines of a cluster. PySpark is imported where it is used.
"""
