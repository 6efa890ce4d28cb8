"""An HTCondor pool: the run folder as a DAG of DAGMan."""
