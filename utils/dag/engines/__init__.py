"""What executes a run folder: this machine, an HTCondor pool, or Pegasus."""
