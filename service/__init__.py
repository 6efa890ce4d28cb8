"""A model behind HTTP: ``make serve``. Thin: what a model finds and means comes from `utils`.

To read it, in this order:

- `settings`: the command line and the environment; `server` puts uvicorn under it;
- `app`: the routes put together; `gate` is what every request passes;
- `bodies`, `uploads`, `fetching`: from a request to photographs, within bounds;
- `models`: which models there are; `workers`: the bounded queue and who works it off;
- `running`, `forked`: what a worker does that with: itself, or a process of its own;
- `looking`, `rates`: what a worker does; `predicting` sends photographs to the workers;
- `protocol`: the Open Inference Protocol's tensors; `routes/`: the addresses;
- `metrics`, `logs`: what is told of it all. No picture is in any of them.

Nothing is written to disk, and nothing of a request is kept once it is answered.
"""
