"""Running networks: ONNX Runtime behind one method, devices, and the cache of graphs that were built."""
