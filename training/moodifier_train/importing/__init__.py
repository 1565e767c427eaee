"""Import of Stable-Diffusion-1.5-shaped models: diffusers and transformers folders -> a model family that the services run."""
