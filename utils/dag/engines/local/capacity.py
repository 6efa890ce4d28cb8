"""What the jobs may use together, and what of it is free."""

from utils.dag.abstract_workflow import AbstractJob


class Capacity:
    """Cores and memory (MiB); a job that asks for more than there is gets all of it."""

    def __init__(self, cores: int, memory: int) -> None:
        self._cores = self._free_cores = cores
        self._memory = self._free_memory = memory

    def cores_for(self, job: AbstractJob) -> int:
        """Return how many cores a job gets."""
        return min(job.cores, self._cores)

    def _memory_for(self, job: AbstractJob) -> int:
        return min(job.memory, self._memory)

    def is_used_up(self) -> bool:
        """Return whether no core is free, so that no job fits."""
        return self._free_cores == 0

    def fits(self, job: AbstractJob) -> bool:
        """Return whether what a job gets is free now."""
        if self.is_used_up():
            return False
        return (
            self.cores_for(job) <= self._free_cores and self._memory_for(job) <= self._free_memory
        )

    def take(self, job: AbstractJob) -> None:
        """Count what a job gets as used."""
        self._free_cores -= self.cores_for(job)
        self._free_memory -= self._memory_for(job)

    def give_back(self, job: AbstractJob) -> None:
        """Count what a job got as free."""
        self._free_cores += self.cores_for(job)
        self._free_memory += self._memory_for(job)
