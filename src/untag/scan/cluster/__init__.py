"""A scan on several machines: Dask's workers read, decode and run the models; the home judges and writes.

`task.py` is what a worker does, `connection.py` the only module that knows Dask, `place.py` the stages of the home.
"""
