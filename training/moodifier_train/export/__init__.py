"""From diffusers and transformers folders to a model family: ONNX graphs, tokenizers and manifest.json; and the goldens."""
