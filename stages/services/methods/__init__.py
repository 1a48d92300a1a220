"""A finished study as the paragraphs of a paper's methods: what manifests and tables say, nothing else."""
