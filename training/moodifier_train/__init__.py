"""Training of the Moodifier model families: data, models, losses, tasks and one loop."""
