"""From weights as others publish them to ONNX graphs: dlib, PyTorch and OpenVINO files are read as data."""
