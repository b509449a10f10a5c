"""How fast it is, as ratios to the plain compiled forward pass of the same model in the same run."""
