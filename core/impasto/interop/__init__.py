"""Models in the formats of other frameworks: ONNX and Keras. Each framework is imported only where it is used."""
