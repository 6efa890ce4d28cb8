"""Errors that the person at the keyboard can mend, and the one that is no error at all."""


class MaskDetectionError(Exception):
    """Something outside the code is wrong; the message names the file, the field and the fix."""


class InputError(MaskDetectionError):
    """An input (photograph, annotation, archive, model file, ...) cannot be used."""


class TrainingDiverged(MaskDetectionError):
    """Losses stayed non-finite although the batches that caused them were skipped."""


class Checkpointed(Exception):
    """Work stopped on request after its checkpoint was saved; the executable exits with 85."""
