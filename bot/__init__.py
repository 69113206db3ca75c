"""Herald, a self-hosted Discord news bot."""
